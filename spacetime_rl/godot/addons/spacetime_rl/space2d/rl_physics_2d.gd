class_name RLPhysics2D
## Puts 2D bodies in place between episodes, so that an episode does not depend on those before it. See RLPhysics.


## Move a body to `place` (global), at rest, with nothing left of its past; sensors see it there at once. Set velocities
## afterwards. Call it within a physics tick, as `_begin_episode` is: a rigid body begins to move with the next one.
static func reset_body(body: PhysicsBody2D, place: Transform2D) -> void:
	var character := body as CharacterBody2D
	if character != null:
		_forget_motion(character)
	body.global_transform = place
	body.force_update_transform()
	var rid := body.get_rid()
	var rigid := body as RigidBody2D
	if rigid == null or rigid.freeze:
		# Only a static body moves at once.
		var mode := PhysicsServer2D.body_get_mode(rid)
		PhysicsServer2D.body_set_mode(rid, PhysicsServer2D.BODY_MODE_STATIC)
		PhysicsServer2D.body_set_state(rid, PhysicsServer2D.BODY_STATE_TRANSFORM, place)
		PhysicsServer2D.body_set_mode(rid, mode)
	else:
		rigid.linear_velocity = Vector2.ZERO
		rigid.angular_velocity = 0.0
		PhysicsServer2D.body_set_state(rid, PhysicsServer2D.BODY_STATE_TRANSFORM, place)
		# Deferred calls come before the step, after everything else in this tick.
		_skip_step.call_deferred(rigid)
	body.reset_physics_interpolation()


# A character remembers floor, walls and platform of its last slide. A slide through nothing clears them.
static func _forget_motion(character: CharacterBody2D) -> void:
	var mask := character.collision_mask
	character.collision_mask = 0
	character.velocity = character.up_direction
	character.move_and_slide()
	character.velocity = Vector2.ZERO
	character.collision_mask = mask


# A step without forces and contacts drops the forces that were gathered in this tick. A body that moves in it counts
# anew how long it has been still: the engine puts one to sleep after a while.
static func _skip_step(rigid: RigidBody2D) -> void:
	if RLPausedBodies.has(rigid):
		return
	var resume := _resume.bind(rigid, rigid.global_transform, rigid.linear_velocity, rigid.angular_velocity)
	RLPausedBodies.add(rigid, resume)
	var rid := rigid.get_rid()
	PhysicsServer2D.body_set_omit_force_integration(rid, true)
	PhysicsServer2D.body_set_collision_layer(rid, 0)
	PhysicsServer2D.body_set_collision_mask(rid, 0)
	var threshold := PhysicsServer2D.SPACE_PARAM_BODY_LINEAR_VELOCITY_SLEEP_THRESHOLD
	var still := PhysicsServer2D.space_get_param(rigid.get_world_2d().space, threshold)
	rigid.linear_velocity = Vector2(1.0 + 2.0 * still, 0.0)
	rigid.angular_velocity = 0.0


static func _resume(rigid: RigidBody2D, place: Transform2D, velocity: Vector2, spin: float) -> void:
	var rid := rigid.get_rid()
	PhysicsServer2D.body_set_omit_force_integration(rid, rigid.custom_integrator)
	PhysicsServer2D.body_set_collision_layer(rid, rigid.collision_layer)
	PhysicsServer2D.body_set_collision_mask(rid, rigid.collision_mask)
	rigid.global_transform = place
	# The node does not pass it on where the server has moved it and nobody has looked at it since.
	PhysicsServer2D.body_set_state(rid, PhysicsServer2D.BODY_STATE_TRANSFORM, place)
	rigid.linear_velocity = velocity
	rigid.angular_velocity = spin
	rigid.sleeping = false
