class_name RLHttpView
## What an agent sees, by the names that a program asks for.


## Where the agent's camera is, how it moves, the lengths of its rays in metres, and its goal relative to its body.
## Without a camera, the body's own place and rotation. Positions and velocities are in the arena's world.
static func of(agent: RLAgent, observation: PackedFloat32Array) -> Dictionary:
	var seen := {
		"camera_position": Vector3.ZERO,
		"camera_rotation": Quaternion.IDENTITY,
		"camera_velocity": agent.arena_core.space.velocity_of(_body_of(agent)),
		"ray_sensors": _rays_of(agent, observation),
		"goal_position": Vector3.ZERO,
		"goal_distance": 0.0,
	}
	if agent.body != null:
		var eye := _eye_of(agent.body)
		seen["camera_position"] = eye.global_position
		seen["camera_rotation"] = eye.global_basis.get_rotation_quaternion()
	elif agent.body_2d != null:
		var place := agent.body_2d.global_position
		seen["camera_position"] = Vector3(place.x, 0.0, place.y)
		seen["camera_rotation"] = Quaternion(Vector3.UP, -agent.body_2d.global_rotation)
	_add_goal(agent, seen)
	return seen


## The agent's observation by the names of its fields.
static func fields_of(agent: RLAgent, observation: PackedFloat32Array) -> Dictionary:
	var fields := {}
	var offset := 0
	for field: Dictionary in RLLayout.of(agent)["fields"]:
		var size: int = field["size"]
		fields[field["name"]] = observation.slice(offset, offset + size)
		offset += size
	return fields


static func _body_of(agent: RLAgent) -> Node:
	return agent.get_parent()


# The camera or the head that the body wears; the body itself where it has none.
static func _eye_of(body: Node3D) -> Node3D:
	var player := body as RLXRPlayer
	if player != null:
		return player.head
	for camera: Node in body.find_children("*", "Camera3D", true, false):
		return camera as Node3D
	return body


static func _rays_of(agent: RLAgent, observation: PackedFloat32Array) -> Array[float]:
	var lengths: Array[float] = []
	var offset := 0
	for sensor: RLSensor in agent.sensors:
		var reach := 0.0
		if sensor is RLRaySensor:
			reach = (sensor as RLRaySensor).length
		elif sensor is RLRaySensor2D:
			reach = (sensor as RLRaySensor2D).length
		if reach > 0.0:
			for i: int in sensor.size:
				lengths.append(observation[offset + i] * reach)
		offset += sensor.size
	return lengths


static func _add_goal(agent: RLAgent, seen: Dictionary) -> void:
	var away := Vector3.ZERO
	for sensor: RLSensor in agent.sensors:
		if sensor is RLTargetSensor and (sensor as RLTargetSensor).target != null:
			away = (sensor as RLTargetSensor).target.global_position - agent.body.global_position
			break
		if sensor is RLTargetSensor2D and (sensor as RLTargetSensor2D).target != null:
			var flat := (sensor as RLTargetSensor2D).target.global_position - agent.body_2d.global_position
			away = Vector3(flat.x, 0.0, flat.y)
			break
	seen["goal_position"] = away
	seen["goal_distance"] = away.length()
