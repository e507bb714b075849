extends RLTest
## The walkers of bench: what they see, where they begin, what they are paid for.

const ARENA: PackedScene = preload("res://scenarios/bench/arena.tscn")
const SCENE := "res://scenarios/bench/bench.tscn"
const TICK := 1.0 / 90.0


func test_a_walker_sees_48_floats_and_acts_by_three() -> void:
	for walker: BenchWalker in _make_room({}).walkers:
		check_equal(walker.agent.observation_size, 48, "floats seen")
		check_equal(walker.agent.sensors[0].size, 16, "rays")
		check_equal(walker.agent.action_size, 3, "floats of an action")


func test_every_walker_begins_apart_from_the_others_and_from_the_boxes() -> void:
	for players: int in [1, 2, 8, 33, 256]:
		var arena := _make_room({"players": players})
		var spots: Array[Vector3] = []
		for walker: BenchWalker in arena.walkers:
			spots.append(walker.position)
		for slab: Node in arena.ground.get_children():
			if (slab as StaticBody3D).position.y == BenchGround.BOX.y / 2.0:
				spots.append((slab as StaticBody3D).position * Vector3(1.0, 0.0, 1.0))
		check(spots.size() >= players + 4, "%d players and boxes" % spots.size())
		for i: int in spots.size():
			for j: int in i:
				check(spots[i].distance_to(spots[j]) > 1.5, "%s and %s of %d" % [spots[i], spots[j], players])


func test_a_goal_reached_is_paid_and_another_one_is_set() -> void:
	var arena := _make_room({"reward_goal": 7.0, "reward_time": 0.0, "reward_progress": 0.0})
	var walker := arena.walkers[2]
	var goal := walker.goal.position
	walker.position = goal
	arena.core.advance(TICK)
	check_close(walker.agent.ledger.take_reward(), 7.0, "reward")
	check_equal(walker.agent.get_metric(&"goals"), 1.0, "goals")
	check(walker.goal.position != goal, "the goal stayed at %s" % goal)


func test_a_new_goal_neither_pays_nor_costs_its_distance() -> void:
	var arena := _make_room({"reward_goal": 0.0, "reward_time": 0.0})
	var walker := arena.walkers[0]
	var distance := walker.distance_to_goal()
	walker.position = walker.goal.position
	arena.core.advance(TICK)
	check_close(walker.agent.ledger.take_reward(), distance, "reward")
	arena.core.advance(TICK)
	check_close(walker.agent.ledger.take_reward(), 0.0, "reward of the next tick")


func test_time_ends_the_episode_for_all_and_enough_goals_are_success() -> void:
	var arena := _make_room({"time_limit_s": 0.1, "goals": 2})
	arena.walkers[0].agent.set_metric(&"goals", 2.0)
	for tick: int in 9:
		arena.core.advance(TICK)
	check(arena.core.is_finished(), "somebody plays on")
	check(arena.walkers[0].agent.success and not arena.walkers[1].agent.success, "success is wrong")
	check_equal(arena.walkers[0].agent.take_ending(), RLRoster.TRUNCATED, "ending")


func test_the_neighbours_seen_are_the_nearest_ones() -> void:
	var arena := _make_room({"players": 64})
	for walker: BenchWalker in arena.walkers:
		var expected := _distances_by_brute_force(arena, walker)
		var seen := PackedFloat32Array()
		seen.resize(3 * BenchCrowd.NEAREST)
		walker.agent.sensors[4].write(seen, 0)
		for i: int in BenchCrowd.NEAREST:
			check_close(seen[3 * i + 2], expected[i], "distance %d" % i)
			if expected[i] < 1.0:
				check_close(Vector2(seen[3 * i], seen[3 * i + 1]).length(), expected[i], "length of offset %d" % i)


func test_an_episode_is_the_same_after_other_episodes() -> void:
	var game := ChildGame.new({"time_limit_s": 0.8}, [], SCENE)
	game.reset(7, 3)
	var first := _play(game, 9)
	game.reset(7, 2)
	_play(game, 9)
	check_equal(_play(game, 9).hash(), first.hash(), "what is seen of episode 3")
	check(first[0] != first[-9], "nobody moved")
	check_equal(game.stop(), 0, "exit code")


func test_the_scripted_walkers_reach_their_goals() -> void:
	var game := ChildGame.new({"players": 16, "time_limit_s": 10.0}, ["--control=heuristic"], SCENE)
	game.reset(1)
	var idle := PackedFloat32Array()
	idle.resize(game.action_size())
	while game.endings.is_empty():
		game.step(idle)
	var successes := 0
	for agent: int in game.endings:
		# After the observation: episode, return, length, success.
		successes += int(game.endings[agent][48 + 3])
	check(successes >= 8, "successes of 16 walkers: %d" % successes)
	check_equal(game.stop(), 0, "exit code")


func _make_room(values: Dictionary) -> BenchArena:
	var arena := build_arena(ARENA, values) as BenchArena
	arena.core.begin_episode()
	return arena


# Distances as the sensor has them: of the nearest others, as shares of the reach, 1 for nobody.
func _distances_by_brute_force(arena: BenchArena, walker: BenchWalker) -> Array[float]:
	var distances: Array[float] = [1.0, 1.0, 1.0, 1.0]
	for other: BenchWalker in arena.walkers:
		var distance := other.position.distance_to(walker.position) / BenchCrowd.REACH_M
		if other != walker and distance <= 1.0:
			distances.append(distance)
	distances.sort()
	return distances


# What all walkers see, decision by decision; everybody walks a curve.
func _play(game: ChildGame, decisions: int) -> Array[PackedFloat32Array]:
	var seen: Array[PackedFloat32Array] = []
	var actions := PackedFloat32Array()
	actions.resize(game.action_size())
	actions.fill(0.6)
	for decision: int in decisions:
		seen.append_array(game.observations)
		game.step(actions)
	return seen
