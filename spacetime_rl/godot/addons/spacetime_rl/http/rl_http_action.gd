class_name RLHttpAction
## Reads an action that came as JSON.


## The agent's action vector, or a sentence that says what is wrong. `given` is a list of all numbers, or an object with
## a number or a list for each of the agent's actions.
static func read(agent: RLAgent, given: Variant) -> Variant:
	var flat: Array = []
	if given is Dictionary:
		var values: Dictionary = given
		for name: String in values:
			if name not in _names_of(agent):
				return "it has no action '%s'; there are %s" % [name.left(40), ", ".join(_names_of(agent))]
		for action: RLAction in agent.actions:
			var value: Variant = values.get(String(action.label))
			var part: Array = value if value is Array else [value]
			if part.size() != action.width:
				return "action '%s': expected %d numbers, got %d" % [action.label, action.width, part.size()]
			flat.append_array(part)
	elif given is Array:
		flat = given
	else:
		return "expected a list of %d numbers, or an object of %s" % [agent.action_size, ", ".join(_names_of(agent))]
	if flat.size() != agent.action_size:
		return "expected %d numbers, got %d" % [agent.action_size, flat.size()]
	return _numbers(agent, flat)


static func _numbers(agent: RLAgent, flat: Array) -> Variant:
	var numbers := PackedFloat32Array()
	for action: RLAction in agent.actions:
		for _i: int in action.width:
			var value: Variant = flat[numbers.size()]
			if value is not float or not is_finite(value as float):
				return "action '%s': expected numbers" % action.label
			var number: float = value
			if action is RLDiscreteAction:
				if number != floorf(number) or number < 0.0 or number >= action.size:
					return "action '%s': expected a whole number from 0 to %d" % [action.label, action.size - 1]
			elif absf(number) > 1.0:
				return "action '%s': expected numbers from -1 to 1" % action.label
			numbers.append(number)
	return numbers


static func _names_of(agent: RLAgent) -> PackedStringArray:
	return PackedStringArray(agent.actions.map(func(action: RLAction) -> String: return String(action.label)))
