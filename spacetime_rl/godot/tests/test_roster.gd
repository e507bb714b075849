extends RLTest
## The global order of agents, and what makes a scene untrainable.


func test_agents_are_ordered_by_policy_then_arena_then_scene() -> void:
	var roster := RLRoster.new([_stage(make_arena()), _stage(make_arena())])
	var order := roster.agents.map(func(agent: RLAgent) -> String: return String(agent.agent_name))
	check_equal(order, ["walker_0", "walker_1", "walker_0", "walker_1", "jumper_0", "jumper_0"], "order")
	check_equal(roster.agents[2].arena, roster.stages[1].present.root, "arena of the third agent")
	check_equal(roster.problems, PackedStringArray(), "problems")


func test_agents_of_one_policy_that_differ_are_reported() -> void:
	var other := make_arena({"images": "all"})
	var problems := RLRoster.new([_stage(make_arena()), _stage(other)]).problems
	check_equal(problems.size(), 3, "problems")
	check("share the policy 'walker' but differ" in problems[0], problems[0])


func test_a_name_used_twice_is_reported() -> void:
	var arena := make_arena({"walkers": 1, "jumpers": 0})
	var agent := arena.agents[0]
	agent.sensors.append(agent.sensors[0])
	agent.metric_names.append(&"length")
	var problems := RLLayout.problems_of(agent)
	check_equal(problems.size(), 4, "problems")
	check_equal(problems[0], "agent 'walker_0' has two fields named 'target/offset'")
	check_equal(problems[3], "agent 'walker_0' has two metrics named 'length'")


func test_an_agent_without_senses_or_actions_is_reported() -> void:
	var agent := RLAgent.new()
	var problems := RLLayout.problems_of(agent)
	agent.free()
	check_equal(problems, PackedStringArray(["agent '' has no sensor", "agent '' has no action"]))


func test_an_arena_without_agents_is_reported() -> void:
	check_equal(RLRoster.new([]).problems, PackedStringArray(["the arena has no RLAgent"]))


func test_the_state_vector_holds_observations_then_rewards_then_flags() -> void:
	var arena := make_arena()
	var roster := RLRoster.new([_stage(arena)])
	roster.begin_all()
	roster.observe_begun()
	check_equal(roster.state.size(), 1 + 3 * 16 + 3 + 3, "floats")
	arena.agents[1].add_reward(&"touch", 2.0)
	arena.agents[2].end(true)
	roster.update_state()
	check_close(roster.state[49], -0.01, "reward of agent 0")
	check_close(roster.state[50], 1.99, "reward of agent 1")
	check_equal(roster.state.slice(52), PackedFloat32Array([4, 4, 1]), "flags")
	check_equal(roster.endings.size(), 16 + 8, "floats of the ended agent")
	roster.update_state()
	check_equal(roster.observation_of(2).count(0.0), 16, "zeros of the waiting agent")
	check_equal(roster.state.slice(52), PackedFloat32Array([4, 4, 0]), "flags while waiting")


func test_an_arena_begins_its_next_episode_in_the_step_in_which_its_last_agent_ended() -> void:
	var arena := make_arena()
	var roster := RLRoster.new([_stage(arena), _stage(make_arena())])
	roster.begin_all()
	for agent: RLAgent in arena.agents:
		agent.end(true)
	roster.update_state()
	check_equal(roster.state.slice(-6), PackedFloat32Array([5, 5, 4, 4, 5, 4]), "flags")
	check_equal(arena.ticks, 0, "ticks of the new episode")


func _stage(arena: RLArena) -> RLStage:
	return RLStage.new([arena.core], RLSchedule.new())
