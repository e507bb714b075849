extends RLTest
## An agent's rewards, endings, metrics and actions over an episode.


func test_rewards_are_summed_for_the_decision_and_by_name_for_the_episode() -> void:
	var agent := _begun().agents[0]
	agent.add_reward(&"touch", 2.0)
	agent.add_reward(&"decision", -0.5)
	check_close(agent.ledger.take_reward(), 1.5, "first decision")
	agent.add_reward(&"touch", 1.0)
	check_close(agent.ledger.take_reward(), 1.0, "second decision")
	var metrics := _metrics(agent)
	check_close(metrics["return"], 2.5, "return")
	check_close(metrics["reward/touch"], 3.0, "reward/touch")
	check_close(metrics["reward/decision"], -0.5, "reward/decision")


func test_metrics_are_named_in_the_order_they_are_reported() -> void:
	var agent := _begun().agents[0]
	var names: Array[StringName] = [
		&"episode",
		&"return",
		&"length",
		&"success",
		&"reward/touch",
		&"reward/decision",
		&"reward/progress",
		&"ticks_seen"
	]
	check_equal(agent.all_metric_names(), names, "names")
	check_equal(agent.metrics_vector().size(), names.size(), "values")


func test_own_metrics_are_set_and_added_to_and_forgotten_with_the_episode() -> void:
	var arena := _begun()
	var agent := arena.agents[0]
	agent.set_metric(&"ticks_seen", 3.0)
	agent.add_metric(&"ticks_seen", 2.0)
	check_close(_metrics(agent)["ticks_seen"], 5.0, "ticks_seen")
	arena.core.begin_episode()
	check_close(_metrics(agent)["ticks_seen"], 0.0, "ticks_seen of the next episode")


func test_terms_are_weighted_and_reported_by_name() -> void:
	var arena := make_arena({"touch_m": 0.0})
	arena.core.begin_episode()
	var player := arena.agents[0].body as TouchPlayer
	player.position = player.target.position + Vector3(3.0, 0.0, 0.0)
	arena.agents[0].reward_terms[0].begin_episode()
	arena.agents[0].reward_terms[0].weight = 2.0
	player.position -= Vector3(1.0, 0.0, 0.0)
	arena.core.advance(1.0 / 90.0)
	check_close(arena.agents[0].ledger.take_reward(), 2.0, "reward")


func test_success_and_failure_terminate_and_time_truncates() -> void:
	var agents := _begun({"walkers": 3}).agents
	agents[0].end(true)
	agents[1].end(false)
	agents[2].truncate()
	check_equal(agents[0].take_ending(), RLRoster.TERMINATED, "succeeded")
	check_equal(agents[1].take_ending(), RLRoster.TERMINATED, "failed")
	check_equal(agents[2].take_ending(), RLRoster.TRUNCATED, "out of time")
	check_equal(agents[0].take_ending(), 0, "an ending is told once")
	check(agents[0].success and not agents[1].success and not agents[2].success, "success is wrong")


func test_the_first_ending_of_an_episode_counts() -> void:
	var agent := _begun().agents[0]
	agent.end(true)
	agent.truncate()
	check(agent.success, "success was lost")
	check_equal(agent.take_ending(), RLRoster.TERMINATED, "ending")


func test_rewards_of_the_ending_decision_count_and_later_ones_do_not() -> void:
	var agent := _begun().agents[0]
	agent.end(true)
	agent.add_reward(&"touch", 1.0)
	check_close(agent.ledger.take_reward(), 1.0, "reward of the last decision")
	agent.take_ending()
	agent.add_reward(&"touch", 1.0)
	check_close(agent.ledger.take_reward(), 0.0, "reward afterwards")


func test_an_inactive_agent_does_not_act() -> void:
	var agent := _begun().agents[0]
	agent.act([0.5, -0.5], 0)
	agent.end(true)
	agent.act([1.0, 1.0], 0)
	check_equal(agent.decisions, 1, "decisions")
	check_close((agent.actions[0] as RLContinuousAction).values[0], 0.5, "action")


func test_actions_are_clamped_and_rounded() -> void:
	var agent := _begun().agents[2]
	agent.act([3.0, -0.25, 0.9], 0)
	check_equal((agent.actions[0] as RLContinuousAction).vector2(), Vector2(1.0, -0.25), "move")
	check_equal((agent.actions[1] as RLDiscreteAction).value, 1, "jump")
	agent.act([0.0, 0.0, 7.0], 0)
	check_equal((agent.actions[1] as RLDiscreteAction).value, 1, "a choice beyond the last")


func test_the_final_observation_is_of_the_tick_that_ended_the_episode() -> void:
	var arena := _begun()
	var agent := arena.agents[0]
	var expected := PackedFloat32Array()
	expected.resize(agent.observation_size)
	agent.end(true)
	arena.core.advance(1.0 / 90.0)
	agent.observe(expected, 0)
	agent.body.position.x += 1.0
	arena.core.advance(1.0 / 90.0)
	check_equal(agent.final_observation, expected, "final observation")


func _begun(settings: Dictionary = {}) -> TouchArena:
	var arena := make_arena(settings)
	arena.core.begin_episode()
	return arena


func _metrics(agent: RLAgent) -> Dictionary[StringName, float]:
	var result: Dictionary[StringName, float] = {}
	var names := agent.all_metric_names()
	var values := agent.metrics_vector()
	for i: int in names.size():
		result[names[i]] = values[i]
	return result


func test_an_agent_that_waits_neither_acts_nor_earns_until_it_is_woken() -> void:
	var arena := make_arena({"late_tick": 3})
	arena.core.begin_episode()
	var agent := arena.agents[2]
	check(agent.waiting and not agent.active, "it waits")
	agent.act(PackedFloat32Array([1.0, 1.0, 0.0]), 0)
	agent.add_reward(&"touch", 1.0)
	check_equal(agent.decisions, 0, "decisions")
	check_close(agent.ledger.take_reward(), 0.0, "reward")
	for tick: int in 3:
		arena.core.advance(1.0 / 90.0)
	check(agent.active and not agent.waiting, "it takes part")
	agent.add_reward(&"touch", 1.0)
	check_close(agent.ledger.take_reward(), 1.0, "reward")


func test_an_agent_that_waits_can_end_and_its_arena_then_begins_again() -> void:
	var arena := make_arena({"late_tick": 1000})
	arena.core.begin_episode()
	var agent := arena.agents[2]
	for other: RLAgent in arena.agents:
		other.end(other != agent)
	check_equal(agent.take_ending(), RLRoster.TERMINATED, "ending")
	check(arena.core.is_finished(), "all have ended")
	check_equal(_metrics(agent)["length"], 0.0, "length")
	arena.core.begin_episode()
	check(agent.waiting, "it waits again")
