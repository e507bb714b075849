class_name RLPolicyController
extends RLController
## Drives agents by a trained policy that is computed in the game: one forward for all of them.

var policy: RLPolicy

# By agent its recurrent state.
var _states: Dictionary[RLAgent, PackedFloat32Array] = {}


func _init(with_policy: RLPolicy) -> void:
	policy = with_policy
	title = "the policy '%s'" % policy.schema.get("policy", "")


func decide(agents: Array[RLAgent]) -> PackedFloat32Array:
	var acting: Array[RLAgent] = []
	for agent: RLAgent in agents:
		if agent.active:
			acting.append(agent)
	var decided := _decide_together(acting) if not acting.is_empty() else PackedFloat32Array()
	if acting.size() == agents.size():
		return decided
	var actions := PackedFloat32Array()
	var offset := 0
	for agent: RLAgent in agents:
		if agent.active:
			actions.append_array(decided.slice(offset, offset + agent.action_size))
			offset += agent.action_size
		else:
			var none := PackedFloat32Array()
			none.resize(agent.action_size)
			actions.append_array(none)
	return actions


func _decide_together(agents: Array[RLAgent]) -> PackedFloat32Array:
	var model := policy.model()
	var found := model.run(_inputs_of(agents), agents.size())
	if found.is_empty():
		push_error("%s: %s" % [title, model.problem])
		var nothing := PackedFloat32Array()
		nothing.resize(agents.size() * agents[0].action_size)
		return nothing
	var size := policy.state_size()
	for i: int in agents.size() if size > 0 else 0:
		_states[agents[i]] = found["state_outs"].slice(i * size, (i + 1) * size)
	return _most_probable(found["distribution"], agents)


func _inputs_of(agents: Array[RLAgent]) -> Dictionary[String, PackedFloat32Array]:
	var first := agents[0]
	var inputs: Dictionary[String, PackedFloat32Array] = {}
	if first.observation_size > 0:
		var seen := PackedFloat32Array()
		seen.resize(agents.size() * first.observation_size)
		for i: int in agents.size():
			agents[i].observe(seen, i * first.observation_size)
		inputs["obs"] = seen
	for k: int in first.image_sensors.size():
		var pixels := PackedFloat32Array()
		for agent: RLAgent in agents:
			var sensors: Array[RLImageSensor] = [agent.image_sensors[k]]
			pixels.append_array(PackedFloat32Array(Array(RLImageSensor.images_of(sensors))))
		inputs[String(first.image_sensors[k].label)] = pixels
	var states := PackedFloat32Array()
	states.resize(agents.size() * maxi(policy.state_size(), 1))
	for i: int in agents.size() if policy.state_size() > 0 else 0:
		var state := _state_of(agents[i])
		for k: int in state.size():
			states[i * state.size() + k] = state[k]
	inputs["state_ins"] = states
	return inputs


# Zeros when an episode begins.
func _state_of(agent: RLAgent) -> PackedFloat32Array:
	if not _states.has(agent):
		agent.episode_began.connect(_forget.bind(agent))
		_forget(agent)
	return _states[agent]


func _forget(agent: RLAgent) -> void:
	_states[agent] = PackedFloat32Array()
	_states[agent].resize(policy.state_size())


# The distribution has for a continuous action its means, then their log standard deviations; for a discrete one logits.
func _most_probable(distribution: PackedFloat32Array, agents: Array[RLAgent]) -> PackedFloat32Array:
	var actions := PackedFloat32Array()
	var at := 0
	for agent: RLAgent in agents:
		for action: RLAction in agent.actions:
			if action is RLDiscreteAction:
				actions.append(_index_of_largest(distribution, at, action.size))
				at += action.size
				continue
			for i: int in action.size:
				var mean := distribution[at + i]
				actions.append(tanh(mean) if policy.is_squashed() else clampf(mean, -1.0, 1.0))
			at += 2 * action.size
	return actions


static func _index_of_largest(values: PackedFloat32Array, from: int, count: int) -> int:
	var best := 0
	for i: int in range(1, count):
		if values[from + i] > values[from + best]:
			best = i
	return best
