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
