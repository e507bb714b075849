extends SensorTest
## What the sensors write, against hand-made situations.

var _agent := RLAgent.new()
var _body := CharacterBody3D.new()


func test_rays_measure_the_distance_to_walls_in_the_players_own_frame() -> void:
	add_child(TouchRoom.make(8.0))
	var rays := RLRaySensor.new()
	rays.count = 4
	rays.length = 10.0
	rays.origin = Vector3(0.0, 1.0, 0.0)
	_attach(rays)
	_body.position.x = 1.0
	await wait_ticks(2)
	var ahead_left_back_right := _written(rays)
	check_close(ahead_left_back_right[0], 0.4, "ahead")
	check_close(ahead_left_back_right[1], 0.5, "left")
	check_close(ahead_left_back_right[2], 0.4, "behind")
	check_close(ahead_left_back_right[3], 0.3, "right")
	_body.rotate_y(PI / 2.0)
	check_close(_written(rays)[0], 0.5, "ahead after a turn to the left")


func test_a_ray_that_hits_nothing_within_its_length_is_one() -> void:
	add_child(TouchRoom.make(8.0))
	var rays := RLRaySensor.new()
	rays.length = 3.0
	rays.origin = Vector3(0.0, 1.0, 0.0)
	_attach(rays)
	await wait_ticks(2)
	check(Array(_written(rays)).all(func(value: float) -> bool: return value == 1.0), "a ray hit something")


func test_rays_over_an_arc_go_from_left_to_right() -> void:
	add_child(TouchRoom.make(8.0))
	var rays := RLRaySensor.new()
	rays.count = 3
	rays.arc_degrees = 180.0
	rays.length = 10.0
	rays.origin = Vector3(0.0, 1.0, 0.0)
	_attach(rays)
	_body.position.x = 1.0
	await wait_ticks(2)
	var seen := _written(rays)
	check_close(seen[0], 0.5, "left")
	check_close(seen[1], 0.4, "ahead")
	check_close(seen[2], 0.3, "right")


func test_rays_that_are_cast_every_third_decision_are_held_until_then_and_cast_at_its_begin() -> void:
	add_child(TouchRoom.make(8.0))
	var rays := RLRaySensor.new()
	rays.count = 1
	rays.length = 10.0
	rays.every = 3
	rays.origin = Vector3(0.0, 1.0, 0.0)
	_attach(rays)
	await wait_ticks(2)
	var seen := PackedFloat32Array()
	for decision: int in 5:
		_agent.decisions = decision
		seen.append(_written(rays)[0])
		_body.position.z -= 0.5
	_check_values(seen, [0.4, 0.4, 0.4, 0.25, 0.25])
	_agent.decisions = 0
	_check_values(_written(rays), [0.15])


func test_rays_do_not_see_the_player_itself_and_see_others() -> void:
	var shape := CollisionShape3D.new()
	shape.shape = SphereShape3D.new()
	_body.add_child(shape)
	var rays := RLRaySensor.new()
	rays.count = 4
	rays.length = 4.0
	_attach(rays)
	var other := CharacterBody3D.new()
	other.add_child(shape.duplicate())
	other.position.z = -2.5
	add_child(other)
	await wait_ticks(2)
	var seen := _written(rays)
	check_close(seen[0], 0.5, "ahead")
	check_equal(seen[2], 1.0, "behind")


func test_the_pose_is_position_and_heading() -> void:
	var pose := RLPoseSensor.new()
	_attach(pose)
	_body.transform = Transform3D(Basis(Vector3.UP, PI / 6.0), Vector3(5.0, 1.0, -2.0))
	_check_values(_written(pose), [0.5, 0.1, -0.2, 0.5, cos(PI / 6.0)])


func test_the_full_pose_is_a_unit_quaternion_of_one_sign() -> void:
	var pose := RLPoseSensor.new()
	pose.full_rotation = true
	_attach(pose)
	for turn: float in [0.3, -0.3, 3.0, -3.0, 6.0]:
		_body.transform = Transform3D(Basis(Vector3.UP, turn), Vector3.ZERO)
		var values := _written(pose)
		check(values[6] >= 0.0, "w is negative at %f" % turn)
		check_close(Vector4(values[3], values[4], values[5], values[6]).length(), 1.0, "norm")


func test_the_velocity_is_in_the_players_own_frame() -> void:
	var velocity := RLVelocitySensor.new()
	_attach(velocity)
	_body.transform = Transform3D(Basis(Vector3.UP, PI / 2.0), Vector3.ZERO)
	# turned left, the player's -Z (ahead) is the world's -X
	_body.velocity = Vector3(-5.0, 0.0, 0.0)
	_check_values(_written(velocity), [0.0, 0.0, -1.0])


func test_a_target_is_offset_distance_and_direction() -> void:
	var target := Marker3D.new()
	target.position = Vector3(-3.0, 4.0, 0.0)
	add_child(target)
	var sensor := RLTargetSensor.new()
	sensor.target = target
	_attach(sensor)
	_body.rotate_y(PI / 2.0)
	_check_values(_written(sensor), [0.0, 0.4, -0.3, 0.5, 0.0, 0.8, -0.6])


func test_no_target_is_zeros_and_so_is_the_direction_to_a_target_right_here() -> void:
	var sensor := RLTargetSensor.new()
	_attach(sensor)
	_check_values(_written(sensor), [0.0, 0.0, 0.0, 0.0, 0.0, 0.0, 0.0])
	sensor.target = _body
	_check_values(_written(sensor), [0.0, 0.0, 0.0, 0.0, 0.0, 0.0, 0.0])


func test_hands_are_positions_and_velocities_left_before_right() -> void:
	var player := RLXRPlayer.new()
	_body.free()
	_body = player
	var sensor := RLHandsSensor.new()
	_attach(sensor)
	player.track_hand(RLXRPlayer.Hand.LEFT, Transform3D(Basis(), Vector3(-0.3, 1.2, -0.4)), Vector3(0.0, 1.0, 0.0))
	player.track_hand(RLXRPlayer.Hand.RIGHT, Transform3D(Basis(), Vector3(0.3, 1.0, -0.5)), Vector3(2.0, 0.0, 0.0))
	_check_values(_written(sensor), [-0.3, 1.2, -0.4, 0.3, 1.0, -0.5, 0.0, 0.5, 0.0, 1.0, 0.0, 0.0])


func _attach(sensor: RLSensor) -> void:
	add_child(_body)
	_body.add_child(_agent)
	_agent.add_child(sensor)
	_agent.setup(RLArena.new().core, 0)
	_agent.arena.queue_free()
