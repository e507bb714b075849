extends RLTest
## What is recorded of every decision: actions, rewards, observations on request, and a hash of the state.

## No agent ever touches its target; every episode is 6 decisions of 6 ticks.
const SHORT := {"touch_m": 0.0, "max_ticks": 36}
const DECISIONS := 6
# Flags of a TRACE.
const OBSERVATIONS := 1
const BODIES := 2
const UNFINISHED := 4


func test_actions_and_rewards_are_recorded_as_they_were_given() -> void:
	var game := ChildGame.new(SHORT)
	game.traces(1)
	game.reset(1)
	var given := PackedFloat32Array()
	var earned := PackedFloat32Array([0.0])
	for decision: int in DECISIONS:
		var actions := _varied(game, decision)
		given.append_array(actions.slice(4, 7))
		game.step(actions)
		earned.append(game.rewards[2])
	var answer := game.traces(0)
	check_equal(answer["version"], float(RLTrace.VERSION), "version")
	var jumper: Dictionary = answer["episodes"][0]["agents"][2]
	check_equal(_floats(jumper, "actions"), given, "actions")
	check_equal(_floats(jumper, "decision_rewards"), earned, "rewards")
	check(not jumper.has("observations"), "observations that nobody asked for")
	game.stop()


func test_observations_are_recorded_on_request_with_the_final_one() -> void:
	var game := ChildGame.new(SHORT)
	game.traces(1, OBSERVATIONS)
	game.reset(1)
	var seen := PackedFloat32Array()
	for decision: int in DECISIONS:
		seen.append_array(game.observations[0])
		game.step(_varied(game, decision))
	seen.append_array(game.endings[0].slice(0, game.observations[0].size()))
	check_equal(_floats(game.traces(0)["episodes"][0]["agents"][0] as Dictionary, "observations"), seen)
	game.stop()


func test_what_a_script_decides_is_recorded_too() -> void:
	var game := ChildGame.new(SHORT, ["--scripted=walker"])
	game.traces(1)
	game.reset(1)
	for decision: int in DECISIONS:
		game.step(_varied(game, decision))
	var actions := _floats(game.traces(0)["episodes"][0]["agents"][0] as Dictionary, "actions")
	check_equal(actions.size(), 2 * DECISIONS, "floats")
	check_close(Vector2(actions[0], actions[1]).length(), 1.0, "pace of the script")
	game.stop()


func test_an_agent_that_waits_has_actions_from_when_it_is_woken() -> void:
	var game := ChildGame.new(SHORT.merged({"late_tick": 13}))
	game.traces(1, OBSERVATIONS)
	game.reset(1)
	for decision: int in DECISIONS:
		game.step(_varied(game, decision))
	var jumper: Dictionary = game.traces(0)["episodes"][0]["agents"][2]
	# It wakes in the third decision, and acts in the last three.
	check_equal(_floats(jumper, "actions").size(), 3 * 3, "actions")
	check_equal(_floats(jumper, "decision_rewards").size(), 4, "rewards")
	check_equal(_floats(jumper, "observations").size(), 4 * game.observations[2].size(), "observations")
	game.stop()


func test_an_episode_has_the_same_hashes_in_another_arena_and_another_game() -> void:
	var one := _hashes_of_second_episode(1, -1)
	var other := _hashes_of_second_episode(2, -1)
	check_equal(one.size(), DECISIONS + 1, "hashes: one of the beginning, one after every decision")
	check_equal(other, one, "hashes")
	for i: int in one.size():
		check_equal(one.find(one[i]), i, "first decision with the hash of decision %d" % i)


func test_the_hashes_differ_from_the_decision_on_in_which_an_action_differs() -> void:
	var one := _hashes_of_second_episode(1, -1)
	var other := _hashes_of_second_episode(1, 3)
	check_equal(other.slice(0, 4), one.slice(0, 4), "hashes before the action")
	for i: int in range(4, one.size()):
		check(other[i] != one[i], "decision %d: the hash does not show that an action differed" % i)


func test_the_hash_covers_bodies_and_the_random_generator() -> void:
	var arena := make_arena()
	arena.core.begin_episode()
	var state := RLStateHash.new(arena.core)
	var first := state.now()
	check_equal(state.now(), first, "hash of the same state")
	arena.ball.angular_velocity.x = 1e-6
	var second := state.now()
	check(second != first, "a ball that turns")
	arena.rng.randf()
	check(state.now() != second, "a number that was drawn")


func test_a_hash_of_every_body_shows_which_one_moved() -> void:
	var arena := make_arena()
	arena.core.begin_episode()
	var state := RLStateHash.new(arena.core)
	var first := state.parts_now()
	var names := state.part_names()
	check_equal(first.size(), names.size(), "parts")
	check_equal(names[0], "random numbers")
	arena.ball.angular_velocity.x = 1e-6
	var second := state.parts_now()
	var changed: Array[String] = []
	for i: int in names.size():
		if second[i] != first[i]:
			changed.append(names[i])
	check_equal(changed, [String(arena.get_path_to(arena.ball))] as Array[String], "parts that changed")
	arena.rng.randf()
	check(state.parts_now()[0] != first[0], "a number that was drawn")


func test_an_episode_that_goes_on_is_given_as_it_stands_on_request() -> void:
	var game := ChildGame.new(SHORT)
	game.traces(1, OBSERVATIONS | BODIES)
	game.reset(1)
	for decision: int in 2:
		game.step(_varied(game, decision))
	check_equal(game.traces(1, OBSERVATIONS | BODIES)["episodes"], [], "episodes that nobody asked for")
	var running: Dictionary = game.traces(1, OBSERVATIONS | BODIES | UNFINISHED)["episodes"][0]
	var walker: Dictionary = running["agents"][0]
	check_equal(walker["ending"], "running")
	check_equal(_floats(walker, "actions").size(), 2 * 2, "actions")
	check_equal(_floats(walker, "observations").size(), 3 * game.observations[0].size(), "observations")
	var parts: Array = running["parts"]
	var hashes := Marshalls.base64_to_raw(running["part_hashes"] as String).to_int32_array()
	check_equal(hashes.size(), 3 * parts.size(), "hashes of parts")
	for decision: int in range(2, DECISIONS):
		game.step(_varied(game, decision))
	var whole: Dictionary = game.traces(0)["episodes"][0]
	check_equal(whole["agents"][0]["ending"], "truncated")
	check_equal(_floats(whole["agents"][0] as Dictionary, "actions").size(), 2 * DECISIONS, "actions in the end")
	game.stop()


## Episode 1 of seed 3, in the second of two arenas or as the second episode of the only one; one action may differ.
func _hashes_of_second_episode(arenas: int, changed_decision: int) -> PackedInt64Array:
	var game := ChildGame.new(SHORT, ["--arenas=%d" % arenas])
	game.traces(2)
	game.reset(3)
	for decision: int in DECISIONS * (3 - arenas):
		var actions := _varied(game, decision % DECISIONS)
		if arenas == 1 and decision == DECISIONS + changed_decision:
			actions[1] += 0.001
		game.step(actions)
	var found := PackedInt64Array()
	for episode: Dictionary in game.traces(0)["episodes"]:
		if episode["episode"] == 1.0:
			found = Marshalls.base64_to_raw(episode["hashes"] as String).to_int64_array()
	game.stop()
	return found


## Actions that are other ones at every decision, and the same for all agents of a policy.
func _varied(game: ChildGame, decision: int) -> PackedFloat32Array:
	var actions := PackedFloat32Array()
	var arenas: int = game.info["spec"]["arenas"]
	for walker: int in 2 * arenas:
		actions.append_array([0.1 * decision, -0.7])
	for jumper: int in arenas:
		actions.append_array([-0.9, 0.1 * decision, float(decision % 2)])
	return actions


func _floats(agent: Dictionary, key: String) -> PackedFloat32Array:
	return Marshalls.base64_to_raw(agent[key] as String).to_float32_array()
