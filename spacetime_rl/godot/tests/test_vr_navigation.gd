extends RLTest
## The rules of vr_navigation: what the player sees, what is paid on its way, and how the way ends.

const ARENA: PackedScene = preload("res://scenarios/vr_navigation/arena.tscn")
const SCENE := "res://scenarios/vr_navigation/vr_navigation.tscn"
const TICK := 1.0 / 90.0
const FLOATS := 48
# Place in what a game reports at an episode's end, after the observation: episode, return, length, success.
const SUCCESS := 3
const HUNDRED_WAYS := 100


func test_the_player_sees_48_finite_floats_and_acts_by_three() -> void:
	var arena := _make_map()
	var agent := arena.player.agent
	check_equal(agent.observation_size, FLOATS, "floats seen")
	check_equal(
		agent.sensors.map(func(s: RLSensor) -> int: return s.size), [13, 16, 12, 7], "of head, rays, hands, goal"
	)
	check_equal(agent.action_size, 3, "floats acted by")
	var seen := PackedFloat32Array()
	seen.resize(FLOATS)
	agent.observe(seen, 0)
	for i: int in FLOATS:
		check(is_finite(seen[i]) and absf(seen[i]) <= 1.0, "float %d is %f" % [i, seen[i]])


func test_every_map_has_its_goal_within_the_distances_asked_for_and_something_in_the_way() -> void:
	var arena := _make_map({"goal_distance_min": 8.0, "goal_distance_max": 30.0})
	for way: int in HUNDRED_WAYS:
		arena.core.begin_episode()
		var map := arena.map
		var distance := map.start.distance_to(map.goal)
		check(distance >= 7.99 and distance <= 30.01, "distance %f" % distance)
		check(map.field.is_blocked(map.start, map.goal, 0.5), "something is in the way of episode %d" % arena.episode)
		check(map.field.gap_at(map.start) >= 1.0 and map.field.gap_at(map.goal) >= 1.0, "room at start and goal")
		check(maxf(map.goal.abs().x, map.goal.abs().y) <= map.half_size() - 1.0, "goal on the map")


func test_between_any_two_obstacles_there_is_room_to_walk() -> void:
	var arena := _make_map({"obstacles": 6.0, "gap": 1.0, "corners": 0.0})
	arena.core.begin_episode()
	var all := arena.map.field.standing
	check(all.size() > 60, "%d obstacles" % all.size())
	for one: FieldObstacle in all:
		for other: FieldObstacle in all:
			check(one == other or one.gap_to(other, 9.0) >= 0.999, "gap %f" % one.gap_to(other, 9.0))


func test_corners_stand_where_they_are_asked_for() -> void:
	var arena := _make_map({"corners": 1.0, "goal_distance_min": 15.0, "obstacles": 0.0})
	var corners := 0
	for way: int in HUNDRED_WAYS:
		arena.core.begin_episode()
		corners += int(arena.map.field.standing.size() == 2)
	check(corners > 80, "%d corners on a hundred maps" % corners)


func test_a_maze_has_one_way_from_everywhere_and_walls_wherever_there_is_none() -> void:
	var arena := _make_map({"mazes": 1.0})
	for way: int in 20:
		arena.core.begin_episode()
		var maze := arena.map.maze
		check_equal(arena.map.field.standing.size(), maze.wall_count(), "walls")
		for cell: int in maze.count():
			_walk_to_the_goal(arena, maze.middle_of(cell))


func test_the_maps_of_a_game_with_mazes_are_mazes_as_often_as_asked_for() -> void:
	var arena := _make_map({"mazes": 0.5})
	var mazes := 0
	for way: int in HUNDRED_WAYS:
		arena.core.begin_episode()
		mazes += int(arena.map.maze != null)
	check(mazes > 30 and mazes < 70, "%d mazes on a hundred maps" % mazes)


func test_rays_see_an_obstacle_where_its_footprint_says_it_stands() -> void:
	var arena := _make_map()
	for way: int in 5:
		arena.core.begin_episode()
		for obstacle: FieldObstacle in arena.map.field.standing.slice(0, 6):
			_look_along(arena, obstacle)


func test_a_goal_too_far_for_the_map_is_refused() -> void:
	var params := NavigationParams.new()
	check_equal(params.apply({"goal_distance_max": 50.0}).size(), 1, "problems")
	check_equal(params.apply({"goal_distance_max": 50.0, "map_size": 60.0}).size(), 0, "problems on a larger map")
	check_equal(params.apply({"goal_distance_min": 20.0, "goal_distance_max": 10.0}).size(), 1, "problems")


func test_reaching_the_goal_pays_and_ends_the_episode() -> void:
	var arena := _make_map()
	arena.player.position = arena.goal.position + Vector3(0.3, 0.0, 0.0)
	arena.core.advance(TICK)
	check(not arena.player.agent.active and arena.player.agent.success, "over, and a success")
	check_equal(arena.player.agent.take_ending(), RLRoster.TERMINATED, "ending")
	check_close(arena.player.agent.ledger.take_reward(), arena.settings.reward_goal, "reward")


func test_the_time_in_which_the_goal_came_no_nearer_is_reported() -> void:
	var arena := _make_map()
	for metres: float in [0.1, -0.1, 0.05, 0.0, 0.1, 0.0]:
		_reward_of_step(arena, metres)
	arena.player.position.y = -1.5
	arena.core.advance(TICK)
	# Three decisions of 8 ticks after the first step: back, half of it forth, standing.
	check_close(arena.player.agent.get_metric(&"stuck_s"), 3.0 * 8.0 * TICK, "the longest one")


func test_below_the_map_the_episode_ends_without_success() -> void:
	var arena := _make_map()
	arena.player.position.y = -1.5
	arena.core.advance(TICK)
	check_equal(arena.player.agent.take_ending(), RLRoster.TERMINATED, "ending")
	check(not arena.player.agent.success, "no success")
	check_close(arena.player.agent.ledger.take_reward(), arena.settings.reward_fall, "reward")


func test_when_time_is_up_the_episode_is_truncated() -> void:
	var arena := _make_map({"time_limit_s": 1.0})
	for tick: int in 90:
		arena.core.advance(TICK)
	check_equal(arena.player.agent.take_ending(), RLRoster.TRUNCATED, "ending")
	check_close(arena.player.agent.ledger.take_reward(), arena.settings.reward_timeout, "reward")


func test_metres_to_the_goal_pay_and_metres_back_cost_the_same() -> void:
	var arena := _make_map({"reward_comfort": 0.0, "reward_low_acceleration": 0.0})
	check_close(_reward_of_step(arena, 0.5), 0.5, "half a metre nearer")
	check_close(_reward_of_step(arena, -0.5), -0.5, "and back")


func test_comfort_is_paid_for_new_metres_only() -> void:
	var arena := _make_map({"reward_progress": 0.0})
	# 8 ticks at 2 m/s are 0.178 m: a full share of comfort and low acceleration.
	check_close(_reward_of_step(arena, 0.2), 2.1, "a comfortable decision at full speed")
	check_close(_reward_of_step(arena, 0.089), 1.05, "at half of it", 0.01)
	check_close(_reward_of_step(arena, 0.0), 0.0, "standing")
	check_close(_reward_of_step(arena, -0.4), 0.0, "going back")
	check_close(_reward_of_step(arena, 0.4), 0.0, "the same metres again")


func test_lost_comfort_counts_to_a_power() -> void:
	var arena := _make_map({"reward_progress": 0.0, "reward_low_acceleration": 0.0, "comfort_power": 3.0})
	arena.player.comfort.tick(Vector3(2.0, 0.0, 0.0), 0.0, TICK)
	check_close(_reward_of_step(arena, 0.2), 2.0 * 0.8 ** 3.0, "a fast decision")


func test_a_body_elsewhere_than_it_walked_is_an_excess_teleport() -> void:
	var arena := _make_map()
	var player := arena.player
	player._physics_process(TICK)
	player.position.x += 0.3
	player._physics_process(TICK)
	check_equal(player.take_jumps(), 1, "jumps")
	player._physics_process(TICK)
	check_equal(player.take_jumps(), 0, "jumps after it")


func test_an_episode_is_the_same_in_every_arena_and_after_other_episodes() -> void:
	check_same_episodes(SCENE, {"goal_distance_max": 8.0}, 60, _walk)


func test_the_scripted_player_gets_there() -> void:
	check(_share_of_ends(["--control=heuristic"], SUCCESS) >= 0.9, "the scripted player gets there")


func test_walking_on_and_on_ends_over_the_edge() -> void:
	var game := ChildGame.new({"obstacles": 0.0}, ["--arenas=4"], SCENE)
	game.reset(1)
	var ahead := PackedFloat32Array([0.0, 1.0, 0.0, 0.0, 1.0, 0.0, 0.0, 1.0, 0.0, 0.0, 1.0, 0.0])
	var falls := 0
	for decision: int in 250:
		game.step(ahead)
		for agent: int in game.endings:
			falls += int(game.flags[agent] & RLRoster.TERMINATED != 0 and game.rewards[agent] < -40.0)
	check(falls >= 2, "falls: %d" % falls)
	game.stop()


## What the first endings of eight arenas say at a place, on average.
func _share_of_ends(arguments: PackedStringArray, place: int) -> float:
	var game := ChildGame.new({"goal_distance_max": 15.0}, arguments + PackedStringArray(["--arenas=8"]), SCENE)
	game.reset(3)
	var idle := PackedFloat32Array()
	idle.resize(game.action_size())
	var sum := 0.0
	var count := 0
	for decision: int in 400:
		game.step(idle)
		for agent: int in game.endings:
			sum += game.endings[agent][FLOATS + place]
			count += 1
	game.stop()
	return sum / maxf(count, 1)


func _walk(_decision: int) -> PackedFloat32Array:
	var actions := PackedFloat32Array()
	actions.resize(9)
	actions.fill(0.6)
	return actions


## The reward of a decision of 8 ticks in which the player comes `metres` nearer to its goal.
func _reward_of_step(arena: NavigationArena, metres: float) -> float:
	var player := arena.player
	var to_goal := (arena.goal.position - player.position).normalized()
	player.position += to_goal * metres
	for tick: int in 8:
		arena.ticks += 1
		arena._tick(TICK)
	arena.core.end_decision()
	return player.agent.ledger.take_reward()


## Follow the map from a point, one cell after the other, without a wall in between.
func _walk_to_the_goal(arena: NavigationArena, from: Vector2) -> void:
	var map := arena.map
	var here := from
	for step: int in map.maze.way_from(from):
		var next := map.next_place(here)
		check(not map.field.is_blocked(here, next, 0.5), "a wall between %s and %s" % [here, next])
		here = next
	check_equal(here, map.goal, "where the way from %s ends" % from)


func _look_along(arena: NavigationArena, obstacle: FieldObstacle) -> void:
	var middle := (obstacle.from + obstacle.to) / 2.0
	var beside := middle + Vector2(0.0, obstacle.half_length + obstacle.radius + 0.3)
	var query := PhysicsRayQueryParameters3D.create(
		Vector3(beside.x, 0.3, beside.y), Vector3(middle.x, 0.3, middle.y), 1
	)
	var hit := arena.get_world_3d().direct_space_state.intersect_ray(query)
	check_equal(hit.get("collider"), obstacle, "what a ray to it hits")


func _make_map(values: Dictionary = {}) -> NavigationArena:
	var arena := build_arena(ARENA, values) as NavigationArena
	# The rules are tried by hand, tick by tick.
	arena.player.set_physics_process(false)
	arena.core.begin_episode()
	return arena
