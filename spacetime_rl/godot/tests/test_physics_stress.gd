extends RLTest
## The rules of physics_stress: what is dropped and thrown, what is paid for a frame, what jitters, how it ends.

const ARENA: PackedScene = preload("res://scenarios/physics_stress/arena.tscn")
const SCENE := "res://scenarios/physics_stress/physics_stress.tscn"
const TICK := 1.0 / 90.0


func test_the_tester_sees_12_floats_and_acts_by_three_actions() -> void:
	var agent := _make_room().tester.agent
	check_equal(agent.observation_size, 12, "floats")
	check_equal(agent.actions.map(func(action: RLAction) -> int: return action.size), [11, 3, 2], "actions")


func test_an_episode_begins_with_as_many_bodies_as_asked_and_the_others_aside() -> void:
	var arena := _make_room({"first_bodies": 7, "most_bodies": 20})
	check_equal(arena.bodies.used, 7, "in use")
	for i: int in 20:
		check_equal(arena.bodies.body_at(i).collision_layer != 0, i < 7, "body %d takes part" % i)
		check_equal(arena.bodies.body_at(i).position.y < -10.0, i >= 7, "body %d is aside" % i)
	check_equal(range(4).map(arena.bodies.count_on_layer), [2, 2, 2, 1], "on each layer")


func test_bodies_are_dropped_once_a_decision_and_no_more_than_there_are() -> void:
	var arena := _make_room({"first_bodies": 0, "most_bodies": 15})
	_decide(arena, [10.0, 0.0, 0.0, 0.0, 0.0])
	_move(arena, 3)
	check_equal(arena.bodies.used, 10, "after one decision of three ticks")
	_decide(arena, [10.0, 0.0, 0.0, 0.0, 0.0])
	_move(arena, 1)
	check_equal(arena.bodies.used, 15, "all there are")
	check_equal(arena.tester.agent.get_metric(&"spawned"), 15.0, "spawned")


func test_what_is_dropped_is_thrown_with_the_force_asked_for() -> void:
	var arena := _make_room({"first_bodies": 0, "throw_speed": 10.0})
	_decide(arena, [2.0, 0.0, 1.0, 0.0, 0.0])
	_move(arena, 1)
	for i: int in 2:
		check_close(arena.bodies.body_at(i).linear_velocity.y, 10.0, "upward speed of body %d" % i)
	check_equal(arena.tester.agent.get_metric(&"thrown"), 2.0, "thrown")


func test_a_frame_within_the_budget_is_paid_and_one_over_it_costs() -> void:
	var arena := _make_room({"first_bodies": 0})
	var monitor := RLMonitor.shared()
	monitor.physics_frame_time_ms = 30.0
	_move(arena, 1)
	check_close(arena.tester.agent.ledger.take_reward(), 0.0, "the first frame is of the episode before")
	_move(arena, 1)
	check_close(arena.tester.agent.ledger.take_reward(), -10.0, "over the budget")
	monitor.physics_frame_time_ms = 2.0
	_move(arena, 1)
	check_close(arena.tester.agent.ledger.take_reward(), 1.0, "within")


func test_with_the_other_goal_finding_trouble_is_paid() -> void:
	var arena := _make_room({"first_bodies": 0, "goal": "break", "frames": 60, "spare_frames": 5})
	RLMonitor.shared().physics_frame_time_ms = 30.0
	_move(arena, 2)
	check_close(arena.tester.agent.ledger.take_reward(), 10.0, "reward")
	_move(arena, 58)
	check(arena.tester.agent.success, "more than five frames over the budget were the aim")


func test_after_its_frames_the_episode_is_over_and_succeeds_where_all_was_sound() -> void:
	for slow: int in [5, 6]:
		var arena := _make_room({"first_bodies": 0, "frames": 60, "spare_frames": 5})
		for i: int in 60:
			check(arena.tester.agent.active, "ended after %d frames" % i)
			RLMonitor.shared().physics_frame_time_ms = 30.0 if i > 0 and i <= slow else 2.0
			_move(arena, 1)
		check(not arena.tester.agent.active and not arena.tester.agent.truncated, "over, terminated")
		check_equal(arena.tester.agent.success, slow == 5, "success with %d slow frames" % slow)


func test_a_warning_in_the_episode_spoils_it() -> void:
	var arena := _make_room({"first_bodies": 0, "frames": 60})
	RLMonitor.shared().physics_frame_time_ms = 2.0
	push_warning("something is odd")
	_move(arena, 60)
	check_equal(arena.tester.agent.get_metric(&"warnings"), 1.0, "warnings")
	check(not arena.tester.agent.success, "success")


func test_a_body_that_shakes_on_the_spot_jitters_and_one_that_bounces_does_not() -> void:
	var arena := _make_room({"first_bodies": 2})
	var watch := JitterWatch.new(arena.bodies)
	var found := 0
	for i: int in JitterWatch.WINDOW:
		arena.bodies.body_at(0).linear_velocity = Vector3.RIGHT * (0.1 if i % 2 == 0 else -0.1)
		arena.bodies.body_at(1).linear_velocity = Vector3.UP * (0.1 if i < 15 else -0.1)
		found += watch.tick(6, 0.02)
	check_equal(found, 1, "jittering bodies")


func test_a_body_that_is_thrown_again_and_again_does_not_jitter() -> void:
	var arena := _make_room({"first_bodies": 2})
	var watch := JitterWatch.new(arena.bodies)
	var found: Array[int] = []
	for window: int in 2:
		found.append(0)
		for i: int in JitterWatch.WINDOW:
			if window == 0 and i % 4 == 0:
				watch.excuse_latest(1)
			for body: int in 2:
				arena.bodies.body_at(body).linear_velocity = Vector3.RIGHT * (0.1 if i % 2 == 0 else -0.1)
			found[window] += watch.tick(6, 0.02)
	check_equal(found, [1, 2] as Array[int], "jittering bodies while the latest is thrown, and after that")


func test_the_budget_of_a_frame_can_be_another_one() -> void:
	var arena := _make_room({"first_bodies": 0, "budget_ms": 1.0})
	RLMonitor.shared().physics_frame_time_ms = 2.0
	_move(arena, 2)
	check_close(arena.tester.agent.ledger.take_reward(), -10.0, "two milliseconds where one is allowed")


func test_the_bodies_follow_from_the_seed_and_the_actions_alone() -> void:
	var hashes: Array[PackedByteArray] = []
	for run: int in 2:
		var game := ChildGame.new({"first_bodies": 10, "most_bodies": 60}, ["--arenas=%d" % (run + 1)], SCENE)
		game.traces(1)
		game.reset(3)
		for decision: int in 12:
			var actions := PackedFloat32Array()
			for arena: int in run + 1:
				actions.append_array([float(decision % 5), 0.5, 1.0, -0.5, float(decision % 2)])
			game.step(actions)
		var answer := game.traces(0, 4)
		hashes.append(Marshalls.base64_to_raw(str(answer["episodes"][0]["hashes"])))
		game.stop()
	check(hashes[0].size() > 0 and hashes[0] == hashes[1], "the hashes differ")


func _make_room(settings: Dictionary = {}) -> StressArena:
	var arena := build_arena(ARENA, settings, 5) as StressArena
	arena.core.begin_episode()
	return arena


func _decide(arena: StressArena, action: PackedFloat32Array) -> void:
	arena.tester.agent.act(action, 0)


# By hand: the engine's own ticks would measure frames of their own.
func _move(arena: StressArena, ticks: int) -> void:
	for i: int in ticks:
		arena.tester._physics_process(TICK)
		arena.core.advance(TICK)
