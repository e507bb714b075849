extends RLTest
## Bodies put back in place keep nothing of the episode before.


func test_a_reset_rigid_body_stands_still_and_has_no_forces_left() -> void:
	var ball := _add_ball()
	ball.gravity_scale = 0.0
	await wait_ticks(2)
	ball.linear_velocity = Vector3.ONE
	ball.apply_force(Vector3(1000.0, 0.0, 0.0))
	ball.apply_torque(Vector3(0.0, 100.0, 0.0))
	RLPhysics.reset_body(ball, Transform3D(Basis(), Vector3(0.0, 10.0, 0.0)))
	await wait_ticks(3)
	check_equal(ball.position, Vector3(0.0, 10.0, 0.0), "position")
	check_equal(ball.linear_velocity, Vector3.ZERO, "velocity")
	check_equal(ball.angular_velocity, Vector3.ZERO, "spin")


func test_a_sleeping_body_falls_again_after_a_reset() -> void:
	var ball := _add_ball()
	await wait_ticks(2)
	ball.sleeping = true
	await wait_ticks(2)
	RLPhysics.reset_body(ball, Transform3D(Basis(), Vector3(0.0, 10.0, 0.0)))
	await wait_ticks(3)
	check(ball.position.y < 10.0, "the ball stayed at %s" % ball.position)


func test_a_velocity_set_after_the_reset_is_kept() -> void:
	var ball := _add_ball()
	ball.gravity_scale = 0.0
	await wait_ticks(2)
	RLPhysics.reset_body(ball, Transform3D(Basis(), Vector3(0.0, 10.0, 0.0)))
	ball.linear_velocity = Vector3(9.0, 0.0, 0.0)
	ball.angular_velocity = Vector3(0.0, 1.0, 0.0)
	await wait_ticks(3)
	check_close(ball.linear_velocity.x, 9.0, "velocity", 0.1)
	check_close(ball.angular_velocity.y, 1.0, "spin", 0.1)
	check(ball.position.x > 0.1, "the ball stayed at %s" % ball.position)


func test_a_frozen_body_stays_frozen_and_a_locked_one_locked() -> void:
	var ball := _add_ball()
	ball.freeze = true
	var other := _add_ball()
	other.lock_rotation = true
	RLPhysics.reset_body(ball, Transform3D(Basis(), Vector3(0.0, 10.0, 0.0)))
	RLPhysics.reset_body(other, Transform3D(Basis(), Vector3(5.0, 10.0, 0.0)))
	await wait_ticks(3)
	check_equal(ball.position, Vector3(0.0, 10.0, 0.0), "position of the frozen one")
	check(other.position.y < 10.0, "the locked one does not fall")
	check_equal(PhysicsServer3D.body_get_mode(other.get_rid()), PhysicsServer3D.BODY_MODE_RIGID_LINEAR, "mode")


func test_bodies_that_rest_on_each_other_after_a_reset_repeat_their_fall_bit_for_bit() -> void:
	add_child(TouchRoom.make(8.0))
	var boxes: Array[RigidBody3D] = [_add_box(), _add_box()]
	await wait_ticks(1)
	var first := await _topple(boxes)
	check(first[-1] != first[0], "nothing moved")
	for repetition: int in 3:
		var again := await _topple(boxes)
		check_equal(again == first, true, "repetition %d is the same" % repetition)


func test_a_held_body_stays_where_it_is_put_and_rays_see_it_there_at_once() -> void:
	var ball := _add_ball()
	ball.linear_velocity = Vector3(5.0, 0.0, 0.0)
	await wait_ticks(2)
	for step: int in 4:
		var place := Vector3(0.0, 10.0 + 3.0 * step, 0.0)
		RLPhysics.hold(ball, Transform3D(Basis(), place))
		check_equal(ball.global_position, place, "place in step %d" % step)
		check(_is_hit(place), "no ray sees the ball in step %d" % step)
		check(step == 0 or not _is_hit(place - Vector3(0.0, 3.0, 0.0)), "a ray sees the old place in step %d" % step)
		ball.apply_force(Vector3(1000.0, 0.0, 0.0))
		await wait_ticks(2)
		check_equal(ball.global_position, place, "place after step %d" % step)


func test_a_released_body_falls_from_rest_and_one_that_was_never_held_is_left_alone() -> void:
	var held := _add_ball()
	var other := _add_ball()
	other.position.x = 5.0
	other.linear_velocity = Vector3(0.0, 0.0, 3.0)
	held.linear_velocity = Vector3(0.0, 0.0, 3.0)
	await wait_ticks(2)
	RLPhysics.hold(held, Transform3D(Basis(), Vector3(0.0, 10.0, 0.0)))
	await wait_ticks(2)
	RLPhysics.release(held)
	RLPhysics.release(other)
	await wait_ticks(3)
	check(held.position.y < 10.0, "the ball stayed at %s" % held.position)
	check_equal(held.position.z, 0.0, "drift of the released ball")
	check_close(other.linear_velocity.z, 3.0, "speed of the other", 0.1)


func test_a_body_can_be_thrown() -> void:
	var ball := _add_ball()
	await wait_ticks(2)
	RLPhysics.hold(ball, Transform3D(Basis(), Vector3(0.0, 10.0, 0.0)))
	await wait_ticks(2)
	RLPhysics.release(ball)
	ball.linear_velocity = Vector3(9.0, 0.0, 0.0)
	await wait_ticks(3)
	check(ball.position.x > 0.1, "the ball stayed at %s" % ball.position)


func test_a_reset_lets_go_of_a_held_body_and_a_hold_outlasts_the_reset_before_it() -> void:
	var ball := _add_ball()
	var other := _add_ball()
	await wait_ticks(2)
	RLPhysics.hold(ball, Transform3D(Basis(), Vector3(0.0, 10.0, 0.0)))
	await wait_ticks(1)
	RLPhysics.reset_body(ball, Transform3D(Basis(), Vector3(0.0, 20.0, 0.0)))
	RLPhysics.reset_body(other, Transform3D(Basis(), Vector3(5.0, 20.0, 0.0)))
	RLPhysics.hold(other, Transform3D(Basis(), Vector3(5.0, 30.0, 0.0)))
	await wait_ticks(4)
	check(ball.position.y < 20.0, "the ball stayed at %s" % ball.position)
	check_equal(other.position, Vector3(5.0, 30.0, 0.0), "place of the one held after its reset")


func test_carrying_and_dropping_repeats_bit_for_bit() -> void:
	add_child(TouchRoom.make(8.0))
	var boxes: Array[RigidBody3D] = [_add_box(), _add_box()]
	await wait_ticks(1)
	var first := await _carry_and_drop(boxes)
	check(first[-1] != first[0], "nothing moved")
	for repetition: int in 3:
		var again := await _carry_and_drop(boxes)
		check_equal(again == first, true, "repetition %d is the same" % repetition)


func test_rays_see_a_reset_body_at_once_in_its_new_place_only() -> void:
	var bodies: Array[PhysicsBody3D] = [CharacterBody3D.new(), _add_ball(), AnimatableBody3D.new(), StaticBody3D.new()]
	for body: PhysicsBody3D in bodies:
		if not body.is_inside_tree():
			body.add_child(_shape())
			add_child(body)
	await wait_ticks(2)
	for i: int in bodies.size():
		var old := bodies[i].global_position
		var place := Vector3(100.0 * (i + 1), 0.0, 0.0)
		RLPhysics.reset_body(bodies[i], Transform3D(Basis(), place))
		check(_is_hit(place), "%s is not in its new place" % bodies[i].get_class())
		if i == bodies.size() - 1:
			check(not _is_hit(old), "%s is still in its old place" % bodies[i].get_class())


func test_a_reset_character_has_forgotten_floor_and_speed() -> void:
	var floor_body := StaticBody3D.new()
	var slab := BoxShape3D.new()
	slab.size = Vector3(10.0, 1.0, 10.0)
	floor_body.add_child(_shape(slab))
	add_child(floor_body)
	var character := CharacterBody3D.new()
	character.add_child(_shape())
	character.position.y = 1.1
	add_child(character)
	await wait_ticks(2)
	character.velocity = Vector3(1.0, -20.0, 0.0)
	character.move_and_slide()
	check(character.is_on_floor(), "the character never stood on the floor")
	var mask := character.collision_mask
	RLPhysics.reset_body(character, Transform3D(Basis(), Vector3(0.0, 5.0, 0.0)))
	check(not character.is_on_floor(), "the character still knows its floor")
	check_equal(character.velocity, Vector3.ZERO, "velocity")
	check_equal(character.position, Vector3(0.0, 5.0, 0.0), "position")
	check_equal(character.collision_mask, mask, "collision_mask")


# Two boxes, one on the other, a little askew, given a push: where they are in each of the next ticks.
func _topple(boxes: Array[RigidBody3D]) -> Array[Transform3D]:
	var askew := Basis(Vector3(1.0, 2.0, 3.0).normalized(), 0.02)
	RLPhysics.reset_body(boxes[0], Transform3D(askew, Vector3(0.0, 0.155, 0.0)))
	RLPhysics.reset_body(boxes[1], Transform3D(askew, Vector3(0.05, 0.458, 0.0)))
	boxes[1].linear_velocity = Vector3(0.5, 0.0, 0.2)
	var trace: Array[Transform3D] = []
	for tick: int in 30:
		await wait_ticks(1)
		trace.append_array([boxes[0].transform, boxes[1].transform])
	return trace


# One box is carried into another and dropped there: where both are in each tick.
func _carry_and_drop(boxes: Array[RigidBody3D]) -> Array[Transform3D]:
	RLPhysics.reset_body(boxes[0], Transform3D(Basis(), Vector3(0.0, 0.155, 0.0)))
	RLPhysics.reset_body(boxes[1], Transform3D(Basis(), Vector3(1.0, 0.155, 0.0)))
	var trace: Array[Transform3D] = []
	for tick: int in 40:
		await wait_ticks(1)
		if tick == 20:
			RLPhysics.release(boxes[1])
		elif tick > 5 and tick < 20:
			RLPhysics.hold(boxes[1], Transform3D(Basis(), Vector3(1.0 - 0.04 * tick, 0.3, 0.03)))
		trace.append_array([boxes[0].transform, boxes[1].transform])
	return trace


func _add_box() -> RigidBody3D:
	var cube := BoxShape3D.new()
	cube.size = Vector3(0.3, 0.3, 0.3)
	var box := RigidBody3D.new()
	box.add_child(_shape(cube))
	add_child(box)
	return box


func _add_ball() -> RigidBody3D:
	var ball := RigidBody3D.new()
	ball.add_child(_shape())
	add_child(ball)
	return ball


func _shape(shape: Shape3D = SphereShape3D.new()) -> CollisionShape3D:
	var node := CollisionShape3D.new()
	node.shape = shape
	return node


func _is_hit(at: Vector3) -> bool:
	var space := get_viewport().find_world_3d().direct_space_state
	var query := PhysicsRayQueryParameters3D.create(at + Vector3(0.0, 3.0, 0.0), at)
	return not space.intersect_ray(query).is_empty()
