extends RLTest
## The rules of vr_locomotion: sticks, snaps and teleports, the vignette, what is paid on the course, how it ends.

const ARENA: PackedScene = preload("res://scenarios/vr_locomotion/arena.tscn")
const SCENE := "res://scenarios/vr_locomotion/vr_locomotion.tscn"
const TICK := 1.0 / 90.0
const FLOATS := 13
const EPISODES := 30


func test_the_player_sees_12_floats_and_the_vignette_where_comfort_is_on() -> void:
	check_equal(_make_course().player.agent.observation_size, 13, "floats with comfort")
	var arena := _make_course({"comfort": false})
	check_equal(arena.player.agent.observation_size, 12, "floats without")
	check_equal(arena.player.agent.actions.map(_kind_of), ["continuous", "discrete"], "actions")
	check_equal(arena.player.agent.action_size, 4, "floats acted by")
	for episode: int in EPISODES:
		arena.core.begin_episode()
		var seen := PackedFloat32Array()
		seen.resize(12)
		arena.player.agent.observe(seen, 0)
		for i: int in 12:
			check(is_finite(seen[i]) and absf(seen[i]) <= 1.0, "float %d is %f" % [i, seen[i]])


func test_every_course_has_its_waypoints_free_and_within_the_walls() -> void:
	var arena := _make_course({"leg_min": 5.0, "leg_max": 9.0})
	for episode: int in EPISODES:
		arena.core.begin_episode()
		var course := arena.course
		var from := course.start
		for waypoint: Vector2 in course.waypoints:
			check(maxf(waypoint.abs().x, waypoint.abs().y) <= 17.01, "waypoint at %s" % waypoint)
			check(from.distance_to(waypoint) <= 9.01, "leg of %f m" % from.distance_to(waypoint))
			check(course.field.gap_at(waypoint) >= 1.2, "room of %f m" % course.field.gap_at(waypoint))
			from = waypoint


func test_legs_are_blocked_where_they_are_asked_to_be() -> void:
	check_equal(_blocked_share({"blocked_legs": 0.0, "obstacles": 0.0}), 0.0, "share without obstacles")
	check(_blocked_share({"blocked_legs": 1.0, "obstacles": 0.0}) > 0.7, "nearly all blocked")


func test_the_right_stick_beyond_its_threshold_snaps_with_a_pause_after_each() -> void:
	var arena := _make_course({"blocked_legs": 0.0, "obstacles": 0.0, "snap_pause_s": 0.25})
	var yaw := arena.player.rotation.y
	_move(arena, Vector3(0.0, 0.0, 0.4), 30)
	check_equal(arena.player.agent.get_metric(&"snap_turns"), 0.0, "snaps below the threshold")
	_move(arena, Vector3(0.0, 0.0, 0.8), 5)
	check_close(angle_difference(yaw, arena.player.rotation.y), -PI / 6.0, "one snap to the right")
	_move(arena, Vector3.ZERO, 5)
	_move(arena, Vector3(0.0, 0.0, 0.8), 5)
	check_equal(arena.player.agent.get_metric(&"snap_turns"), 1.0, "snaps within the pause")
	_move(arena, Vector3(0.0, 0.0, -0.8), 10)
	check_close(angle_difference(yaw, arena.player.rotation.y), 0.0, "and one back")
	_move(arena, Vector3(0.0, 0.0, -0.8), 50)
	check_equal(arena.player.agent.get_metric(&"snap_turns"), 4.0, "snaps of a stick that is held")


func test_a_stick_held_for_more_than_a_half_turn_fires_the_vignette_and_for_a_quarter_does_not() -> void:
	var arena := _make_course({"blocked_legs": 0.0, "obstacles": 0.0})
	_move(arena, Vector3(0.0, 0.0, 1.0), 60)
	check_equal(arena.player.agent.get_metric(&"snap_turns"), 3.0, "snaps of a quarter turn")
	check_equal(arena.player.vignette.fired, 0, "fired by a quarter turn")
	_move(arena, Vector3(0.0, 0.0, 1.0), 60)
	check(arena.player.vignette.fired >= 1, "fired by more of it")


func test_a_snap_takes_the_walk_along_and_is_no_acceleration() -> void:
	var arena := _make_course({"blocked_legs": 0.0, "obstacles": 0.0})
	_move(arena, Vector3(0.0, 0.3, 0.0), 30)
	var walk := arena.player.walk
	_move(arena, Vector3(0.0, 0.3, 0.8), 1)
	check_close(arena.player.walk.distance_to(walk), 0.0, "change of the walk, own frame")
	check_close(arena.player.comfort.acceleration(), 0.0, "acceleration", 1e-2)


func test_the_trigger_teleports_with_a_pause_after_each() -> void:
	var arena := _make_course({"blocked_legs": 0.0, "obstacles": 0.0, "teleport_pause_s": 2.0})
	_stand_in_the_middle(arena)
	_move(arena, Vector3.ZERO, 3, 1)
	check_close(arena.player.position.z, -3.0, "metres ahead")
	_move(arena, Vector3.ZERO, 1, 0)
	_move(arena, Vector3.ZERO, 1, 1)
	check_equal(arena.player.agent.get_metric(&"teleports"), 1.0, "teleports within the pause")
	_move(arena, Vector3.ZERO, 180, 1)
	check_equal(arena.player.agent.get_metric(&"teleports"), 2.0, "teleports of a trigger that is held")
	check_equal(arena.player.contacts.take(), 0, "collisions")


func test_a_wall_in_the_way_blocks_a_teleport() -> void:
	var arena := _make_course({"blocked_legs": 0.0, "obstacles": 0.0})
	_stand_in_the_middle(arena)
	arena.player.position = Vector3(0.0, 0.0, -18.0)
	_move(arena, Vector3.ZERO, 1, 1)
	check_close(arena.player.position.z, -18.0, "place")
	check_equal(arena.player.agent.get_metric(&"blocked_teleports"), 1.0, "blocked teleports")


func test_speed_acceleration_and_snaps_in_a_row_fire_the_vignette_and_an_easy_walk_does_not() -> void:
	var vignette := _vignette()
	for tick: int in 90:
		vignette.tick(Vector3(0.0, 0.0, -minf(2.5, 0.05 * tick)), TICK)
	check_equal(vignette.fired, 0, "an easy walk")
	check(vignette.intensity > 0.5 and vignette.intensity < 1.0, "intensity %f at 2.5 m/s" % vignette.intensity)
	for tick: int in 90:
		vignette.tick(Vector3(0.0, 0.0, -minf(2.8, 2.5 + 0.05 * tick)), TICK)
	check_equal(vignette.fired, 1, "a second beyond the speed limit")
	vignette = _vignette()
	for tick: int in 60:
		vignette.tick(Vector3(0.0, 0.0, -minf(2.5, 0.15 * tick)), TICK)
	check_equal(vignette.fired, 1, "a start at 13.5 m/s²")
	check_equal(_fired_by_snaps(2), 0, "two snaps in a row")
	check_equal(_fired_by_snaps(4), 1, "four snaps in a row")


func test_without_comfort_there_is_no_vignette() -> void:
	var arena := _make_course({"comfort": false, "blocked_legs": 0.0, "obstacles": 0.0})
	_stand_in_the_middle(arena)
	_move(arena, Vector3(0.0, 1.0, 0.0), 90)
	check_equal(arena.player.vignette.fired, 0, "fired")


func test_a_course_walked_to_its_end_is_a_success_if_nothing_happened_on_it() -> void:
	var arena := _make_course({"waypoints": 3})
	_visit_all(arena)
	check_equal(arena.player.agent.take_ending(), RLRoster.TERMINATED, "ending")
	check(arena.player.agent.success, "success")
	check_close(arena.player.agent.ledger.take_reward(), 3.0, "a point for each waypoint")
	arena.core.begin_episode()
	arena.player.vignette.fired = 1
	_visit_all(arena)
	check(not arena.player.agent.success, "no success with a vignette")
	check_close(arena.player.agent.ledger.take_reward(), 2.5, "points less the vignette's")


func test_a_clean_course_is_paid_for_and_intensity_costs_where_they_are_asked_to() -> void:
	var arena := _make_course({"waypoints": 3, "reward_clean": 15.0, "reward_strain": -0.1})
	_visit_all(arena)
	check_close(arena.player.agent.ledger.take_reward(), 3.0 + 15.0, "points and the clean course")
	arena.core.begin_episode()
	arena.player.vignette.fired = 1
	_visit_all(arena)
	check_close(arena.player.agent.ledger.take_reward(), 2.5, "the points of another, less the vignette's")
	arena.core.begin_episode()
	_stand_in_the_middle(arena)
	_paid(arena)
	arena.player.vignette.intensity = 0.5
	check_close(_paid(arena), -0.1 * 0.25, "a decision at half an intensity")


func test_when_time_is_up_the_episode_is_truncated() -> void:
	var arena := _make_course({"time_limit_s": 1.0})
	for tick: int in 90:
		arena.core.advance(TICK)
	check_equal(arena.player.agent.take_ending(), RLRoster.TRUNCATED, "ending")
	check_close(arena.player.agent.ledger.take_reward(), -5.0, "reward")


func test_near_rays_observe_one_where_an_obstacle_is_within_reach_and_look_farther_to_the_sides() -> void:
	var arena := _make_course({"near_rays": true, "blocked_legs": 0.0, "obstacles": 0.0})
	var player := arena.player
	var sensor := (player.agent as TravellerAgent).course_sensor
	check_close(sensor.left.target_position.length(), sqrt(4.5), "reach to the left", 1e-3)
	check_close(sensor.right.target_position.length(), sqrt(4.5), "reach to the right", 1e-3)
	check_close(sensor.ahead.target_position.length(), 2.0, "reach ahead")
	check_equal(_rays_at(arena, Vector2.ZERO), [0.0, 0.0, 0.0], "in the open")
	# The wall stands at z = -20: 1.4 m ahead, and 1.98 m along the diagonals, which 1.5 m would not reach.
	check_equal(_rays_at(arena, Vector2(0.0, -18.6)), [1.0, 1.0, 1.0], "before the wall")
	check_equal(_rays_at(arena, Vector2(0.0, -18.4)), [1.0, 0.0, 0.0], "a little farther from it")
	check_equal(_rays_at(_make_course(), Vector2.ZERO).size(), 3, "rays without it")


func test_head_and_hands_are_observed_where_tracking_is() -> void:
	var arena := _make_course({"observe_tracking": true})
	var player := arena.player
	check_equal(player.agent.observation_size, FLOATS + CourseSensor.TRACKED, "floats")
	var seen := PackedFloat32Array()
	seen.resize(FLOATS + CourseSensor.TRACKED)
	player.agent.observe(seen, 0)
	var tracked: Array[Node3D] = [player.head, player.left_hand, player.right_hand]
	for i: int in tracked.size():
		var place := Vector3(seen[FLOATS + 3 * i], seen[FLOATS + 3 * i + 1], seen[FLOATS + 3 * i + 2])
		check_close(place.distance_to(tracked[i].position), 0.0, "place of %s" % tracked[i].name)
	check(seen[FLOATS + 1] > 1.0, "the head is %f m up" % seen[FLOATS + 1])
	check(seen[FLOATS + 3] < seen[FLOATS + 6], "the left hand is to the left")


func test_the_first_agents_table_pays_steps_nearness_harsh_turns_and_what_is_close() -> void:
	var arena := _make_course({"reward_table": "first_agent", "reward_waypoint": 10.0, "waypoints": 1, "leg_min": 6.0})
	var player := arena.player
	_stand_in_the_middle(arena)
	arena.course.waypoints[0] = Vector2(0.0, -5.0)
	_hold(arena, 0.0)
	check_close(_paid(arena), 0.01 + 0.1 / 5.0, "a decision 5 m away")
	_hold(arena, 0.9)
	check_close(_paid(arena), 0.01 + 0.1 / 5.0 - 0.1, "and with a harsh turn")
	_hold(arena, 0.0)
	arena.course.waypoints[0] = Vector2(0.0, -10.0)
	player.position = Vector3(0.0, 0.0, -19.6)
	check_close(_paid(arena), 0.01 + 0.1 / 9.6 - 1.0, "close to the wall")
	player.vignette.fired = 1
	player.position = Vector3(0.0, 0.0, -10.0)
	arena.core.advance(TICK)
	check_equal(player.agent.take_ending(), RLRoster.TERMINATED, "ending at the waypoint")
	check_close(player.agent.ledger.take_reward(), 10.0, "the waypoint, and nothing for the vignette")
	check(not player.agent.success, "which still counts")


func test_terms_of_the_other_table_are_not_reported() -> void:
	var names := _make_course().player.agent.all_metric_names()
	check(&"reward/alive" in names and not &"reward/near" in names, "names of the course's table")
	names = _make_course({"reward_table": "first_agent"}).player.agent.all_metric_names()
	check(&"reward/near" in names and not &"reward/alive" in names, "names of the first agent's")


func test_being_alive_pays_for_new_metres_only() -> void:
	var arena := _make_course({"leg_min": 6.0})
	# 6 ticks at 3 m/s are 0.2 m.
	check_close(_reward_of_step(arena, 0.2), 0.1, "a decision at full speed")
	check_close(_reward_of_step(arena, 0.0), 0.0, "standing")
	check_close(_reward_of_step(arena, -0.5), 0.0, "going back")
	check_close(_reward_of_step(arena, 0.5), 0.0, "the same metres again")
	check_close(_reward_of_step(arena, 0.1), 0.05, "on")


func test_an_episode_is_the_same_in_every_arena_and_after_other_episodes() -> void:
	check_same_episodes(SCENE, {"time_limit_s": 3.0}, 40, _walk)


func test_the_scripted_player_finishes_its_courses() -> void:
	var game := ChildGame.new({"waypoints": 3}, ["--arenas=8", "--control=heuristic"], SCENE)
	game.reset(3)
	var idle := PackedFloat32Array()
	idle.resize(game.action_size())
	var metrics: Array = game.info["spec"]["groups"][0]["metrics"]
	var finished := 0.0
	var ended := 0
	for decision: int in 300:
		game.step(idle)
		for agent: int in game.endings:
			finished += game.endings[agent][FLOATS + metrics.find("finished")]
			ended += 1
	game.stop()
	check(ended >= 8 and finished >= 0.8 * ended, "%d of %d finished" % [finished, ended])


func _walk(_decision: int) -> PackedFloat32Array:
	var actions := PackedFloat32Array()
	for agent: int in 3:
		actions.append_array([0.2, 0.9, 0.6, 1.0])
	return actions


func _kind_of(action: RLAction) -> String:
	return action.kind()


func _blocked_share(values: Dictionary) -> float:
	var arena := _make_course(values)
	var blocked := 0
	for episode: int in EPISODES:
		arena.core.begin_episode()
		var from := arena.course.start
		for waypoint: Vector2 in arena.course.waypoints:
			blocked += int(arena.course.field.is_blocked(from, waypoint, 0.5))
			from = waypoint
	return blocked / float(EPISODES * arena.course.waypoints.size())


func _vignette() -> ComfortVignette:
	var vignette := ComfortVignette.new()
	vignette.reset(LocomotionParams.new())
	return vignette


## Snaps with 12 ticks, two decisions, from one to the next.
func _fired_by_snaps(count: int) -> int:
	var vignette := _vignette()
	for snap: int in count:
		vignette.snap(PI / 6.0)
		for tick: int in 12:
			vignette.tick(Vector3.ZERO, TICK)
	return vignette.fired


func _stand_in_the_middle(arena: LocomotionArena) -> void:
	arena.player.stand(Vector2.ZERO, 0.0)


## The player's own ticks with sticks and trigger held.
func _move(arena: LocomotionArena, sticks: Vector3, ticks: int, trigger: int = 0) -> void:
	for tick: int in ticks:
		arena.player.sticks.values = PackedFloat32Array([sticks.x, sticks.y, sticks.z])
		arena.player.trigger.value = trigger
		arena.player._physics_process(TICK)


## Put the player on every waypoint in turn. Its reward is then that of the waypoints alone.
func _visit_all(arena: LocomotionArena) -> void:
	for waypoint: Vector2 in arena.course.waypoints.duplicate():
		arena.player.position = Vector3(waypoint.x, 0.0, waypoint.y)
		arena.core.advance(TICK)


## The reward of a decision of 6 ticks in which the player comes `metres` nearer to its waypoint.
func _reward_of_step(arena: LocomotionArena, metres: float) -> float:
	var player := arena.player
	var to_waypoint := (arena.course.marker.position - player.position).normalized()
	player.position += to_waypoint * metres
	for tick: int in 6:
		arena.core.advance(TICK)
	arena.core.end_decision()
	return player.agent.ledger.take_reward()


## What the rays observe where the player stands at a place and looks to -z.
func _rays_at(arena: LocomotionArena, place: Vector2) -> Array[float]:
	arena.player.stand(place, 0.0)
	arena.player.force_update_transform()
	var seen := PackedFloat32Array()
	seen.resize(arena.player.agent.observation_size)
	arena.player.agent.observe(seen, 0)
	return [seen[7], seen[8], seen[9]]


func _hold(arena: LocomotionArena, right_stick: float) -> void:
	arena.player.sticks.values = PackedFloat32Array([0.0, 0.0, right_stick])


## The reward of a decision in which the player stays where it is.
func _paid(arena: LocomotionArena) -> float:
	arena.player.force_update_transform()
	for tick: int in 6:
		arena.core.advance(TICK)
	arena.core.end_decision()
	return arena.player.agent.ledger.take_reward()


func _make_course(values: Dictionary = {}) -> LocomotionArena:
	var arena := build_arena(ARENA, values) as LocomotionArena
	# The rules are tried by hand, tick by tick.
	arena.player.set_physics_process(false)
	arena.core.begin_episode()
	return arena
