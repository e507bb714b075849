class_name RLPhysics
## Puts bodies in place: between episodes, so that an episode does not depend on those before it, and in a hand.

const _HELD := &"_rl_held"


## Move a body to `place` (global), at rest, with nothing left of its past; sensors see it there at once. Set velocities
## afterwards. Call it within a physics tick, as `_begin_episode` is: a rigid body begins to move with the next one.
##
## Setting `position` alone is not enough: rays would still hit the old place until the next tick. Freeing and
## rebuilding rigid bodies in a living world is not reproducible; this is, bit for bit.
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
	var rigid := body as RigidBody3D
	if rigid == null:
		PhysicsServer3D.body_set_mode(rid, mode)
	else:
		rigid.remove_meta(_HELD)
		_pause(rigid)
	body.reset_physics_interpolation()


## Keep a rigid body at `place` (global), as in a hand: nothing moves it, sensors see it there at once, what it meets
## bounces off it. Call it every tick to carry the body along, and `release` or `reset_body` to let it go.
static func hold(body: RigidBody3D, place: Transform3D) -> void:
	if not body.has_meta(_HELD):
		body.set_meta(_HELD, true)
		PhysicsServer3D.body_set_mode(body.get_rid(), PhysicsServer3D.BODY_MODE_STATIC)
	body.global_transform = place
	body.force_update_transform()


## Whether a body is kept in place by `hold`.
static func is_held(body: Node) -> bool:
	return body.has_meta(_HELD)


## Let go of a body that is held: it falls from where it is, at rest. Set velocities afterwards to throw it.
static func release(body: RigidBody3D) -> void:
	if body.has_meta(_HELD):
		body.remove_meta(_HELD)
		body.linear_velocity = Vector3.ZERO
		body.angular_velocity = Vector3.ZERO
		if not RLPausedBodies.has(body):
			_free(body)


# A character remembers floor, walls and platform of its last slide. A slide through nothing clears them.
static func _forget_motion(character: CharacterBody3D) -> void:
	var mask := character.collision_mask
	character.collision_mask = 0
	character.velocity = character.up_direction
	character.move_and_slide()
	character.velocity = Vector3.ZERO
	character.collision_mask = mask


# The solver starts from the impulses of the last step's contacts. A body that is static for one step has none.
static func _pause(rigid: RigidBody3D) -> void:
	rigid.linear_velocity = Vector3.ZERO
	rigid.angular_velocity = Vector3.ZERO
	RLPausedBodies.add(rigid, _resume.bind(rigid))


static func _resume(rigid: RigidBody3D) -> void:
	if not rigid.has_meta(_HELD):
		_free(rigid)


static func _free(rigid: RigidBody3D) -> void:
	var rid := rigid.get_rid()
	PhysicsServer3D.body_set_mode(rid, _mode_of(rigid))
	PhysicsServer3D.body_set_state(rid, PhysicsServer3D.BODY_STATE_LINEAR_VELOCITY, rigid.linear_velocity)
	PhysicsServer3D.body_set_state(rid, PhysicsServer3D.BODY_STATE_ANGULAR_VELOCITY, rigid.angular_velocity)
	rigid.sleeping = false


static func _mode_of(rigid: RigidBody3D) -> PhysicsServer3D.BodyMode:
	if rigid.freeze:
		var is_static := rigid.freeze_mode == RigidBody3D.FREEZE_MODE_STATIC
		return PhysicsServer3D.BODY_MODE_STATIC if is_static else PhysicsServer3D.BODY_MODE_KINEMATIC
	return PhysicsServer3D.BODY_MODE_RIGID_LINEAR if rigid.lock_rotation else PhysicsServer3D.BODY_MODE_RIGID
