extends RLTest
## The room of a known bug: its script makes each bug happen, its oracle ends the episode, and a sound room has none.

const ARENA: PackedScene = preload("res://scenarios/bug_reproduction/arena.tscn")


func test_the_script_makes_every_bug_happen_and_the_oracle_ends_the_episode_with_its_reward() -> void:
	for bug: String in BugArena.ORACLES:
		var arena := await _play({"bug": bug}, 1)
		var agent := arena.player.agent
		check(agent.success, "%s was not reproduced in %d ticks" % [bug, arena.ticks])
		check(agent.ledger.reward >= 100.0, "%s paid %s" % [bug, agent.ledger.reward])
		check_close(agent.get_metric(&"reproduced_s"), arena.ticks / 90.0, "seconds until %s" % bug, 0.02)
		arena.get_parent().free()


func test_without_a_bug_nothing_is_reproduced() -> void:
	var arena := await _play({"bug": "none", "time_limit_s": 3.0}, 1)
	check(not arena.player.agent.success, "something was reproduced")
	check_equal(arena.player.agent.get_metric(&"reproduced_s"), 0.0)


func test_a_hard_turn_is_paid_when_it_begins_and_only_so_often() -> void:
	var arena := build_arena(ARENA, {"bug": "none", "changes_paid": 2}) as BugArena
	arena.core.begin_episode(0)
	for turn: int in 3:
		for rate: float in [3.0, 3.0, 0.0]:
			arena.player.yaw_rate = rate
			arena.core.advance(1.0 / 90.0)
	check_close(arena.player.agent.ledger.reward, 2.0, "reward")


func test_the_button_turns_the_lamp_on() -> void:
	var arena := build_arena(ARENA, {"bug": "none"}) as BugArena
	arena.core.begin_episode(0)
	arena.panel.press()
	check(arena.panel.is_on, "the lamp stayed dark")


# The agent's script plays an episode.
func _play(settings: Dictionary, seed_value: int) -> BugArena:
	var arena := build_arena(ARENA, settings, seed_value) as BugArena
	await wait_ticks(1)
	arena.core.begin_episode(0)
	var agent := arena.player.agent
	var action := PackedFloat32Array()
	action.resize(agent.action_size)
	while agent.active:
		if arena.ticks % 8 == 0:
			agent._heuristic(action)
			agent.act(action, 0)
		await get_tree().physics_frame
		arena.core.advance(1.0 / 90.0)
		if arena.ticks % 8 == 7:
			arena.core.end_decision()
	return arena
