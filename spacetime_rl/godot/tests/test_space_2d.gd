extends SensorTest
## Games in 2D: sensors, bodies put back in place, rewards, outlines, and episodes that repeat bit for bit.

const SCENE := "res://tests/fixtures/shove/shove.tscn"
const DECISIONS := 12
## Nobody ever touches a target, and the room is narrow: bodies meet all the time.
const CROWDED := {"touch_px": 0.0, "max_ticks": 72, "walkers": 4, "balls": 12, "room_px": 400.0}

var _agent := RLAgent.new()
var _body := CharacterBody2D.new()


func _exit_tree() -> void:
	for node: Node in [_agent, _body]:
		if node.get_parent() == null:
			node.free()


func test_rays_measure_the_distance_to_walls_in_the_players_own_frame() -> void:
	_add_wall(Vector2(410.0, 0.0), Vector2(20.0, 2000.0))
	_add_wall(Vector2(0.0, -310.0), Vector2(2000.0, 20.0))
	var rays := RLRaySensor2D.new()
	rays.count = 4
	rays.length = 1000.0
	_attach(rays)
	await wait_ticks(2)
	var ahead_left_back_right := _written(rays)
	check_close(ahead_left_back_right[0], 0.4, "ahead")
	check_close(ahead_left_back_right[1], 0.3, "left")
	check_equal(ahead_left_back_right[2], 1.0, "behind")
	_body.rotate(-PI / 2.0)
	check_close(_written(rays)[0], 0.3, "ahead after a turn to the left")


func test_the_pose_is_position_and_heading() -> void:
	var pose := RLPoseSensor2D.new()
	_attach(pose)
	_body.transform = Transform2D(PI / 6.0, Vector2(500.0, -200.0))
	_check_values(_written(pose), [0.5, -0.2, 0.5, cos(PI / 6.0)])


func test_the_velocity_is_in_the_players_own_frame() -> void:
	var velocity := RLVelocitySensor2D.new()
	_attach(velocity)
	_body.rotation = PI / 2.0
	_body.velocity = Vector2(0.0, 500.0)
	_check_values(_written(velocity), [1.0, 0.0])


func test_a_target_is_offset_distance_and_direction() -> void:
	var target := Marker2D.new()
	target.position = Vector2(-300.0, 400.0)
	add_child(target)
	var sensor := RLTargetSensor2D.new()
	_attach(sensor)
	_check_values(_written(sensor), [0.0, 0.0, 0.0, 0.0, 0.0])
	sensor.target = target
	_body.rotation = PI / 2.0
	_check_values(_written(sensor), [0.4, 0.3, 0.5, 0.8, 0.6])


func test_a_reset_body_is_in_its_place_at_once_and_at_rest() -> void:
	var bodies: Array[PhysicsBody2D] = [CharacterBody2D.new(), RigidBody2D.new(), AnimatableBody2D.new()]
	for body: PhysicsBody2D in bodies:
		body.add_child(_shape())
		add_child(body)
	var rigid := bodies[1] as RigidBody2D
	rigid.gravity_scale = 0.0
	await wait_ticks(2)
	rigid.linear_velocity = Vector2(100.0, 0.0)
	rigid.angular_velocity = 3.0
	rigid.apply_force(Vector2(1000.0, 0.0))
	for i: int in bodies.size():
		var place := Vector2(0.0, 1000.0 + 100.0 * i)
		RLPhysics2D.reset_body(bodies[i], Transform2D(0.0, place))
		check(_is_hit(place), "%s is not in its new place" % bodies[i].get_class())
	check(not _is_hit(Vector2.ZERO), "a body is still in its old place")
	await wait_ticks(3)
	check_equal(rigid.position, Vector2(0.0, 1100.0), "position")
	check_equal(rigid.linear_velocity, Vector2.ZERO, "velocity")
	check_equal(rigid.angular_velocity, 0.0, "spin")
	RLPhysics2D.reset_body(rigid, Transform2D(0.0, Vector2.ZERO))
	rigid.linear_velocity = Vector2(900.0, 0.0)
	await wait_ticks(3)
	check(rigid.position.x > 5.0, "a velocity that is set after the reset is lost: %s" % rigid.position)


func test_joints_hold_in_the_new_world_of_an_episode() -> void:
	var viewport := SubViewport.new()
	add_child(viewport)
	var arena := RLArena2D.new()
	viewport.add_child(arena)
	var pair: Array[RigidBody2D] = []
	var joint := PinJoint2D.new()
	for i: int in 2:
		var body := RigidBody2D.new()
		body.gravity_scale = 0.0
		body.position = Vector2(100.0 * i, 0.0)
		body.add_child(_shape())
		arena.add_child(body)
		pair.append(body)
	joint.node_a = pair[0].get_path()
	joint.node_b = pair[1].get_path()
	arena.add_child(joint)
	arena.core.space.forget_contacts(arena)
	check(joint.disable_collision, "the joint lost its setting")
	pair[1].linear_velocity = Vector2(600.0, 0.0)
	await wait_ticks(30)
	check(pair[0].position.x > 50.0, "the other body stays behind at %s" % pair[0].position)
	check_close(pair[0].position.distance_to(pair[1].position), 100.0, "distance of the bodies", 3.0)


func test_a_frozen_body_stays_frozen_and_a_locked_one_locked() -> void:
	var frozen := RigidBody2D.new()
	frozen.freeze = true
	var locked := RigidBody2D.new()
	locked.lock_rotation = true
	for body: RigidBody2D in [frozen, locked]:
		body.add_child(_shape())
		add_child(body)
	RLPhysics2D.reset_body(frozen, Transform2D(0.0, Vector2(0.0, 100.0)))
	RLPhysics2D.reset_body(locked, Transform2D(0.0, Vector2(500.0, 100.0)))
	await wait_ticks(3)
	check_equal(frozen.position, Vector2(0.0, 100.0), "position of the frozen one")
	check(locked.position.y > 100.0, "the locked one does not fall")
	check_equal(PhysicsServer2D.body_get_mode(locked.get_rid()), PhysicsServer2D.BODY_MODE_RIGID_LINEAR, "mode")


func test_progress_and_contacts_are_paid_in_2d() -> void:
	_add_wall(Vector2(110.0, 0.0), Vector2(20.0, 2000.0))
	_body.add_child(_shape())
	_body.motion_mode = CharacterBody2D.MOTION_MODE_FLOATING
	var target := Marker2D.new()
	target.position = Vector2(1000.0, 0.0)
	add_child(target)
	var progress := RLProgressReward.new()
	progress.target = target
	var contact := RLContactReward.new()
	_agent.reward_terms = [progress, contact]
	_attach(null)
	await wait_ticks(2)
	progress.begin_episode()
	var touched := 0.0
	for i: int in 30:
		_body.velocity = Vector2(900.0, 0.0)
		_body.move_and_slide()
		touched += contact.amount(0.1)
	check_close(touched, 1.0, "leaning against the wall")
	check_close(progress.amount(0.1), _body.position.x, "pixels of progress", 1e-2)
	check(_body.position.x > 80.0, "the body did not move")


func test_the_outline_has_every_kind_of_shape() -> void:
	var arena := RLArena2D.new()
	add_child(arena)
	var shapes: Array[Shape2D] = [CircleShape2D.new(), RectangleShape2D.new(), CapsuleShape2D.new()]
	shapes.append_array([SegmentShape2D.new(), ConvexPolygonShape2D.new(), WorldBoundaryShape2D.new()])
	(shapes[4] as ConvexPolygonShape2D).points = [Vector2.ZERO, Vector2(30.0, 0.0), Vector2(0.0, 30.0)]
	for shape: Shape2D in shapes:
		var body := StaticBody2D.new()
		body.position = Vector2(100.0, 50.0)
		body.add_child(_shape(shape))
		arena.add_child(body)
	var polygon := CollisionPolygon2D.new()
	polygon.polygon = [Vector2.ZERO, Vector2(10.0, 0.0), Vector2(10.0, 10.0)]
	arena.get_child(0).add_child(polygon)
	var parts := RLOutline2D.of(arena)
	var kinds := parts.map(func(part: Dictionary) -> String: return part["kind"])
	check_equal(kinds, ["circle", "polygon", "polygon", "polygon", "polygon", "polygon"], "kinds")
	check_equal(parts[0]["centre"], [100.0, 50.0], "centre")
	check_equal((parts[2]["points"] as Array).size(), 4, "corners of the rectangle")


func test_an_episode_is_the_same_in_another_arena_and_after_other_episodes() -> void:
	var first := _hashes(1, 2)
	check_equal(first.size(), 3, "episodes")
	var beside := _hashes(3, 0)
	for episode: int in first:
		check_equal(first[episode].size(), DECISIONS + 1, "hashes")
		check_equal(beside[episode], first[episode], "episode %d in an arena of its own" % episode)
		check(first[episode][0] != first[episode][-1], "nothing moved in episode %d" % episode)


func test_a_trace_tells_places_in_pixels() -> void:
	var game := ChildGame.new({"walkers": 1}, ["--control=heuristic"], SCENE)
	game.traces(1)
	game.reset(3)
	var episodes: Array = []
	while episodes.is_empty():
		game.step(PackedFloat32Array([0.0, 0.0]))
		episodes = game.traces(1)["episodes"]
	check_equal(episodes[0]["unit"], "px", "unit")
	check_equal((episodes[0]["outline"] as Array).size(), 4, "walls")
	var walker: Dictionary = episodes[0]["agents"][0]
	check_equal(walker["ending"], "success", "ending")
	var rows := Marshalls.base64_to_raw(walker["rows"] as String).to_float32_array()
	var last := rows.slice(rows.size() - 7 - 3)
	var goal: Array = episodes[0]["landmarks"]["target_0"]
	check(Vector2(last[1], last[3]).distance_to(Vector2(goal[0] as float, goal[2] as float)) < 60.0, "the way's end")
	check_equal(last[2], 0.0, "height")
	game.stop()


## State hashes of the first episodes of a seed, played in `arenas` arenas at once, then `more` in each of them.
func _hashes(arenas: int, more: int) -> Dictionary[int, PackedInt64Array]:
	var game := ChildGame.new(CROWDED, ["--arenas=%d" % arenas], SCENE)
	game.traces(100)
	game.reset(3)
	for decision: int in DECISIONS * (1 + more):
		var actions := PackedFloat32Array()
		for walker: int in 4 * arenas:
			var turn := 0.9 * (decision % DECISIONS) + walker % 4
			actions.append_array([cos(turn), sin(turn)])
		game.step(actions)
	var found: Dictionary[int, PackedInt64Array] = {}
	for episode: Dictionary in game.traces(0)["episodes"]:
		var number: int = int(episode["episode"] as float)
		found[number] = Marshalls.base64_to_raw(episode["hashes"] as String).to_int64_array()
	game.stop()
	return found


func _attach(sensor: RLSensor) -> void:
	add_child(_body)
	_body.add_child(_agent)
	if sensor != null:
		_agent.add_child(sensor)
	_agent.setup(RLArena2D.new().core, 0)
	_agent.arena_2d.queue_free()


func _add_wall(at: Vector2, size: Vector2) -> void:
	var box := RectangleShape2D.new()
	box.size = size
	var wall := StaticBody2D.new()
	wall.position = at
	wall.add_child(_shape(box))
	add_child(wall)


func _shape(shape: Shape2D = CircleShape2D.new()) -> CollisionShape2D:
	var node := CollisionShape2D.new()
	node.shape = shape
	return node


func _is_hit(at: Vector2) -> bool:
	var query := PhysicsPointQueryParameters2D.new()
	query.position = at
	return not get_viewport().find_world_2d().direct_space_state.intersect_point(query).is_empty()
