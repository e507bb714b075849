class_name RLPhysics
## Puts bodies back in place between episodes, so that an episode does not depend on those before it.


## Move a body to `place` (global), at rest, with nothing left of its past; sensors see it there at once.
##
## Setting `position` alone is not enough: rays would still hit the old place until the next tick. Freeing and
## rebuilding rigid bodies in a living world is not reproducible; this is, bit for bit, as long as the body touches nothing
## in its new place: two bodies that touched before and touch again at once go on from their last contact's impulses.
static func reset_body(body: PhysicsBody3D, place: Transform3D) -> void:
	var character := body as CharacterBody3D
	if character != null:
		_forget_motion(character)
	body.global_transform = place
	body.force_update_transform()
	var rid := body.get_rid()
	var mode := PhysicsServer3D.body_get_mode(rid)
	# Only a static body moves at once; becoming static also drops the forces gathered in this tick.
	PhysicsServer3D.body_set_mode(rid, PhysicsServer3D.BODY_MODE_STATIC)
	PhysicsServer3D.body_set_state(rid, PhysicsServer3D.BODY_STATE_TRANSFORM, place)
	PhysicsServer3D.body_set_mode(rid, mode)
	var rigid := body as RigidBody3D
	if rigid != null:
		rigid.linear_velocity = Vector3.ZERO
		rigid.angular_velocity = Vector3.ZERO
		rigid.sleeping = false
	body.reset_physics_interpolation()


# A character remembers floor, walls and platform of its last slide. A slide through nothing clears them.
static func _forget_motion(character: CharacterBody3D) -> void:
	var mask := character.collision_mask
	character.collision_mask = 0
	character.velocity = character.up_direction
	character.move_and_slide()
	character.velocity = Vector3.ZERO
	character.collision_mask = mask
