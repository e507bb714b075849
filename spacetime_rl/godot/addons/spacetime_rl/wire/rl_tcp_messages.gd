class_name RLTcpMessages
## What the lines of the TCP protocol say: errors, actions, and what agents see.


## An error as a line; `id` is that of the request, null for none.
static func error(code: String, message: String, id: Variant) -> String:
	var content := {"type": "error", "code": code, "message": message}
	if id != null:
		content["id"] = id
	return JSON.stringify(content)


## The request's id, which its answer repeats: a text or a number; null for none.
static func id_of(message: Dictionary) -> Variant:
	var id: Variant = message.get("id")
	if id is float:
		var number: float = id
		if number == floorf(number) and absf(number) < (1 << 53):
			return int(number)
	return id if id is String or id is float else null


## The actions of all agents in one vector, or a sentence that says what is wrong. Agents that do not act need none.
static func read_actions(roster: RLRoster, given: Variant) -> Variant:
	if given is not Dictionary:
		return 'expected {"actions": {AGENT: ACTION, …}}'
	var actions: Dictionary = given
	var flat := PackedFloat32Array()
	var used := 0
	for i: int in roster.agents.size():
		var agent := roster.agents[i]
		var name := roster.name_at(i)
		if not actions.has(name):
			if agent.active:
				return "agent '%s' acts, and has no action" % name
			flat.resize(flat.size() + agent.action_size)
			continue
		used += 1
		var action: Variant = actions[name]
		var read: Variant = RLHttpAction.read(agent, [action] if action is float else action)
		if read is String:
			return "agent '%s': %s" % [name, read]
		flat.append_array(read as PackedFloat32Array)
	if used < actions.size():
		for name: Variant in actions:
			if not range(roster.agents.size()).any(func(i: int) -> bool: return roster.name_at(i) == str(name)):
				return "no agent is called '%s'" % str(name).left(40)
	return flat


## What all agents see and have earned, by name; a sentence where a number is not finite.
static func agents_of(roster: RLRoster) -> Variant:
	var result := {}
	var sizes := _image_sizes(roster)
	var image_at := 0
	var final_at: int = sizes.reduce(func(sum: int, size: int) -> int: return sum + size, 0)
	for i: int in roster.agents.size():
		var agent := roster.agents[i]
		var flags := roster.flags_of(i)
		var state := {
			"reward": roster.reward_of(i),
			"terminated": bool(flags & RLRoster.TERMINATED),
			"truncated": bool(flags & RLRoster.TRUNCATED),
			"active": bool(flags & RLRoster.ACTIVE),
			"observation": Array(roster.observation_of(i)),
		}
		if sizes[i] > 0:
			state["images"] = _images(agent, roster.images.slice(image_at, image_at + sizes[i]))
			image_at += sizes[i]
		if flags & (RLRoster.TERMINATED | RLRoster.TRUNCATED):
			state["final_observation"] = Array(agent.final_observation)
			state["metrics"] = agent.measured()
			if sizes[i] > 0:
				state["final_images"] = _images(agent, roster.images.slice(final_at, final_at + sizes[i]))
				final_at += sizes[i]
		var wrong := RLLayout.not_finite(agent, roster.observation_of(i))
		if not is_finite(roster.reward_of(i)):
			wrong = "reward is %s" % roster.reward_of(i)
		if wrong != "":
			return "agent '%s': its %s" % [agent.agent_name, wrong]
		result[roster.name_at(i)] = state
	return result


static func _image_sizes(roster: RLRoster) -> Array[int]:
	var sizes: Array[int] = []
	for agent: RLAgent in roster.agents:
		var size := 0
		for sensor: RLImageSensor in agent.image_sensors:
			size += sensor.byte_count()
		sizes.append(size)
	return sizes


static func _images(agent: RLAgent, pixels: PackedByteArray) -> Dictionary:
	var images := {}
	var at := 0
	for sensor: RLImageSensor in agent.image_sensors:
		var size := sensor.byte_count()
		images[String(sensor.label)] = Marshalls.raw_to_base64(pixels.slice(at, at + size))
		at += size
	return images
