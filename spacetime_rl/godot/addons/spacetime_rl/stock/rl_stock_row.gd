class_name RLStockRow
extends RefCounted
## One AIController of the stock plugin that a policy plays: its observation as the policy's inputs, the policy's output
## as its action. What it asks the AIController, and in which order, is what the Sync node asks when Python plays.

const _STATE := "state_ins"

## The AIController.
var agent: Node
## By name of the policy's input the numbers of this agent.
var inputs: Dictionary[String, PackedFloat32Array] = {}
## Whether the last look was the first one of a new episode.
var has_ended := false
## The return and the decisions of the episode that has ended.
var ended_return := 0.0
var ended_decisions := 0

var _policy: RLPolicy
var _action_space: Dictionary
var _choice: RLActionChoice
# By observation key the bytes of an image.
var _pixels: Dictionary[String, int] = {}
# By observation key how many choices a discrete observation has.
var _one_hot: Dictionary[String, int] = {}
var _return := 0.0
var _decisions := 0
# Parts of the observation that were no numbers and have been named.
var _named: PackedStringArray = []


func _init(of_agent: Node) -> void:
	agent = of_agent


## Take the policy that plays. Returns what is wrong with it for this agent, in one sentence.
func begin(policy: RLPolicy) -> String:
	_policy = policy
	if policy.model() == null:
		return "its policy %s: %s" % [policy.resource_path, policy.problem]
	_action_space = agent.call(&"get_action_space")
	_clear_state()
	var problems := PackedStringArray()
	if policy.schema.is_empty():
		problems = _problems_of_sizes()
	else:
		var found := RLStockLayout.of(agent, policy.schema["layout"] as Dictionary)
		problems = policy.differences_from(found)
		for field: Dictionary in found["fields"]:
			if field.get("kind") == "discrete":
				_one_hot[str(field["name"])] = field["size"]
		for image: Dictionary in found["images"]:
			_pixels[str(image["name"])] = image["shape"][0] * image["shape"][1] * image["shape"][2]
		_order_actions(found["actions"] as Array)
		_choice = RLActionChoice.of_spaces(_action_space, policy.is_squashed(), true)
	if not problems.is_empty():
		return "%s: its policy %s: %s" % [agent.get_path(), policy.resource_path, "; ".join(problems)]
	return ""


## Take a look. False if there is a number that is none.
func observe() -> bool:
	var seen: Dictionary = agent.call(&"get_obs")
	_return += agent.call(&"get_reward")
	agent.call(&"zero_reward")
	has_ended = agent.call(&"get_done")
	if has_ended:
		agent.call(&"set_done_false")
		ended_return = _return
		ended_decisions = _decisions
		_return = 0.0
		_decisions = 0
		_clear_state()
	for name: String in inputs:
		if name != _STATE:
			inputs[name] = _numbers(name, seen.get(name))
	return inputs.keys().all(_is_finite)


## Act by what the policy has computed: row `i` of `rows`. Without an `rng`, the action is the most probable one.
func take(found: Dictionary[String, PackedFloat32Array], i: int, rows: int, rng: RandomNumberGenerator) -> void:
	var computed := found[_policy.decided()]
	@warning_ignore("integer_division")
	var at := i * (computed.size() / rows)
	var action := PackedFloat32Array()
	action.resize(_choice.width)
	if rng != null:
		_choice.draw(computed, at, rng, action)
	else:
		_choice.choose(computed, at, action)
	if found.has("state_outs"):
		var size := inputs[_STATE].size()
		inputs[_STATE] = found["state_outs"].slice(i * size, (i + 1) * size)
	act(action)


## Hand the agent its action, as numbers in the order of its action space.
func act(action: PackedFloat32Array) -> void:
	var named := {}
	var column := 0
	for key: String in _action_space:
		if _action_space[key]["action_type"] == "discrete":
			named[key] = int(action[column])
			column += 1
		else:
			var size: int = _action_space[key]["size"]
			named[key] = Array(action.slice(column, column + size))
			column += size
	agent.call(&"set_action", named)
	_decisions += 1


## The action of nobody.
func idle_action() -> PackedFloat32Array:
	var action := PackedFloat32Array()
	action.resize(_choice.width)
	return action


func _order_actions(actions: Array) -> void:
	var ordered := {}
	for action: Dictionary in actions:
		ordered[action["name"]] = _action_space[action["name"]]
	_action_space = ordered


func _clear_state() -> void:
	for name: String in _policy.model().inputs:
		if name != _STATE:
			inputs[name] = inputs.get(name, PackedFloat32Array())
	# One number, which is not used, for a policy without memory.
	inputs[_STATE] = PackedFloat32Array()
	inputs[_STATE].resize(maxi(_policy.state_size(), 1))


func _numbers(key: String, value: Variant) -> PackedFloat32Array:
	if value is String:
		return _bytes(key, value as String)
	var numbers := PackedFloat32Array(value as Array)
	if not _one_hot.has(key):
		return numbers
	var choice := int(numbers[0])
	numbers.resize(_one_hot[key])
	numbers.fill(0.0)
	numbers[clampi(choice, 0, numbers.size() - 1)] = 1.0
	return numbers


# An image is the hexadecimal text of its bytes. Some renderers draw a fourth channel that the game has not declared.
func _bytes(key: String, text: String) -> PackedFloat32Array:
	var bytes := text.hex_decode()
	if bytes.size() * 3 != _pixels.get(key, 0) * 4:
		return PackedFloat32Array(Array(bytes))
	var numbers := PackedFloat32Array()
	for i: int in bytes.size():
		if i % 4 != 3:
			numbers.append(bytes[i])
	return numbers


func _is_finite(name: String) -> bool:
	if _pixels.has(name):
		return true  # made of bytes
	for i: int in inputs[name].size():
		if not is_finite(inputs[name][i]):
			var what := "%s[%d] is %s" % [name, i, inputs[name][i]]
			if what not in _named:
				_named.append(what)
				push_warning(
					"%s: its observation %s; it does nothing until that is a number" % [agent.get_path(), what]
				)
			return false
	return true


# A file of another program has no schema: only sizes can be compared.
func _problems_of_sizes() -> PackedStringArray:
	var seen: Dictionary = agent.call(&"get_obs")
	for name: String in inputs:
		if name != _STATE:
			if seen.get(name) is not Array:
				var keys := [name, ", ".join(PackedStringArray(seen.keys()))]
				return ["it needs an observation '%s' that is a list of numbers; the game has %s" % keys]
			inputs[name] = _numbers(name, seen[name])
	var computed := _policy.model().run(inputs, 1)
	if computed.is_empty():
		return [_policy.model().problem]
	var width := computed[_policy.decided()].size()
	for has_deviations: bool in [false, true]:
		_choice = RLActionChoice.of_spaces(_action_space, false, has_deviations)
		if _choice.inputs == width:
			return []
	return ["it computes %d numbers, which are not those of the game's actions: %s" % [width, _action_space]]
