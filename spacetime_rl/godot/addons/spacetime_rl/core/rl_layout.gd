class_name RLLayout
## Describes an agent's spaces as plain data: the `PolicyLayout` of the Python side.


## Named observation fields, images and actions of an agent, in vector order.
static func of(agent: RLAgent) -> Dictionary:
	var fields: Array[Dictionary] = []
	for sensor: RLSensor in agent.sensors:
		for field: RLField in sensor.fields():
			var plain := {"name": field.name, "size": field.size, "unit": field.unit}
			if not field.columns.is_empty():
				plain["kind"] = "entities"
				plain["columns"] = Array(field.columns)
			fields.append(plain)
	if agent.masks != null:
		fields.append_array(agent.masks.fields())
	var images: Array[Dictionary] = []
	for sensor: RLImageSensor in agent.image_sensors:
		var shape := sensor.shape()
		images.append({"name": String(sensor.label), "shape": [shape.x, shape.y, shape.z]})
	var actions: Array[Dictionary] = []
	for action: RLAction in agent.actions:
		actions.append({"name": String(action.label), "kind": action.kind(), "size": action.size})
	return {"fields": fields, "images": images, "actions": actions}


## An agent's spaces in one line, for a message.
static func described(agent: RLAgent) -> String:
	var layout := of(agent)
	var seen: PackedStringArray = []
	for field: Dictionary in layout["fields"]:
		var unit := ", %s" % field["unit"] if field["unit"] != "" else ""
		if field["name"] != String(RLTask.FIELD):
			seen.append("%s(%d%s)" % [field["name"], field["size"], unit])
	for image: Dictionary in layout["images"]:
		seen.append("%s%s" % [image["name"], image["shape"]])
	var actions: PackedStringArray = []
	for action: Dictionary in layout["actions"]:
		actions.append("%s:%s(%d)" % [action["name"], action["kind"], action["size"]])
	return "[%s -> %s]" % [" + ".join(seen), " + ".join(actions)]


## What makes an agent untrainable: no sensor, no action, or a name used twice. One sentence each.
static func problems_of(agent: RLAgent) -> PackedStringArray:
	var problems: PackedStringArray = []
	var layout := of(agent)
	for part: String in layout:
		var names: Array[String] = []
		for entry: Dictionary in layout[part]:
			names.append(str(entry["name"]))
		problems.append_array(_repeated(agent, part, names))
	problems.append_array(_repeated(agent, "metrics", agent.all_metric_names()))
	if agent.sensors.is_empty() and agent.image_sensors.is_empty():
		problems.append("agent '%s' has no sensor" % agent.agent_name)
	if agent.actions.is_empty():
		problems.append("agent '%s' has no action" % agent.agent_name)
	if agent.masks != null:
		problems.append_array(agent.masks.problems())
	return problems


## What is wrong with the first number of an observation that is none; empty if all of them are numbers.
static func not_finite(agent: RLAgent, observation: PackedFloat32Array) -> String:
	for i: int in observation.size():
		if not is_finite(observation[i]):
			return "observation '%s' is %s" % [_number_name(agent, i), observation[i]]
	return ""


## Tell a person what is wrong with a number of an agent, which does nothing meanwhile.
static func warn_of(agent: RLAgent, wrong: String) -> void:
	var who := [agent.agent_name, agent.get_path(), wrong]
	push_warning("agent '%s' (%s): its %s; it does nothing until that is a number" % who)


static func _number_name(agent: RLAgent, index: int) -> String:
	for sensor: RLSensor in agent.sensors:
		for field: RLField in sensor.fields():
			if index < field.size:
				return "%s[%d]" % [field.name, index] if field.size > 1 else field.name
			index -= field.size
	return str(index)


static func _repeated(agent: RLAgent, part: String, names: Array) -> PackedStringArray:
	var problems: PackedStringArray = []
	for i: int in names.size():
		if names.find(names[i]) < i:
			problems.append("agent '%s' has two %s named '%s'" % [agent.agent_name, part, names[i]])
	return problems
