class_name RLPhysics
## Puts bodies back in place between episodes, so that an episode does not depend on those before it.


## Move a body to `place` (global) and stop it, in the same physics world.
##
## Freeing and rebuilding rigid bodies in a living world is not reproducible; this is, bit for bit.
static func reset_body(body: PhysicsBody3D, place: Transform3D) -> void:
	body.global_transform = place
	var rid := body.get_rid()
	PhysicsServer3D.body_set_state(rid, PhysicsServer3D.BODY_STATE_TRANSFORM, place)
	PhysicsServer3D.body_set_state(rid, PhysicsServer3D.BODY_STATE_LINEAR_VELOCITY, Vector3.ZERO)
	PhysicsServer3D.body_set_state(rid, PhysicsServer3D.BODY_STATE_ANGULAR_VELOCITY, Vector3.ZERO)
	PhysicsServer3D.body_set_state(rid, PhysicsServer3D.BODY_STATE_SLEEPING, false)
	var character := body as CharacterBody3D
	if character != null:
		character.velocity = Vector3.ZERO
	body.reset_physics_interpolation()
