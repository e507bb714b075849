class_name RLPolicyController
extends RLController
## Drives agents by a trained policy that is computed in the game: one forward for all that decide at once.

var policy: RLPolicy
## Somebody looks at the decisions of one of the agents; null otherwise.
var probe: RLPolicyProbe

# Physics ticks between two decisions of the game.
var _action_repeat := 1
var _rows: Dictionary[RLAgent, RLPolicyRow] = {}


func _init(with_policy: RLPolicy, action_repeat: int = 1) -> void:
	policy = with_policy
	_action_repeat = action_repeat
	title = "the policy '%s'" % policy.schema.get("policy", "")


func decide(agents: Array[RLAgent]) -> PackedFloat32Array:
	var deciding: Array[RLAgent] = []
	for agent: RLAgent in agents:
		if _row_of(agent).is_due() and _row_of(agent).observe():
			deciding.append(agent)
	if not deciding.is_empty():
		_decide_together(deciding)
	var actions := PackedFloat32Array()
	for agent: RLAgent in agents:
		actions.append_array(_rows[agent].advance())
	return actions


func advance(agent: RLAgent) -> void:
	agent.steer(_row_of(agent).advance(), 0)


func _decide_together(agents: Array[RLAgent]) -> void:
	var model := policy.model()
	var inputs := _inputs_of(agents)
	var from_usec := Time.get_ticks_usec()
	var found := model.run(inputs, agents.size())
	var usec := Time.get_ticks_usec() - from_usec
	if found.is_empty():
		push_error("%s: %s" % [title, model.problem])
		return
	var size := policy.state_size()
	var distribution := found["distribution"]
	@warning_ignore("integer_division")
	var width := distribution.size() / agents.size()
	for i: int in agents.size():
		_rows[agents[i]].decide(distribution, i * width)
		if size > 0:
			_rows[agents[i]].state = found["state_outs"].slice(i * size, (i + 1) * size)
	if probe != null:
		probe.note(agents, inputs, distribution, usec)


func _inputs_of(agents: Array[RLAgent]) -> Dictionary[String, PackedFloat32Array]:
	var inputs: Dictionary[String, PackedFloat32Array] = {}
	var seen := PackedFloat32Array()
	var states := PackedFloat32Array()
	for agent: RLAgent in agents:
		seen.append_array(_rows[agent].seen)
		states.append_array(_rows[agent].state)
	if not seen.is_empty():
		inputs["obs"] = seen
	for k: int in agents[0].image_sensors.size():
		var pixels := PackedFloat32Array()
		for agent: RLAgent in agents:
			var sensors: Array[RLImageSensor] = [agent.image_sensors[k]]
			pixels.append_array(PackedFloat32Array(Array(RLImageSensor.images_of(sensors))))
		inputs[String(agents[0].image_sensors[k].label)] = pixels
	# A file without recurrent state has the input nevertheless, one number for each agent.
	if states.is_empty():
		states.resize(agents.size())
	inputs["state_ins"] = states
	return inputs


func _row_of(agent: RLAgent) -> RLPolicyRow:
	if not _rows.has(agent):
		_rows[agent] = RLPolicyRow.new(agent, policy, _action_repeat)
	return _rows[agent]
