class_name RLActionChoice
extends RefCounted
## Makes actions of what a policy computes: the most probable ones, or some drawn as in training.
##
## The policy computes, action by action: for a continuous one its means, then their log standard deviations; for a
## discrete one the logits of its choices. An action has a float for each continuous number, and one for each choice.

## Numbers that the policy computes for one agent.
var inputs := 0

var _actions: Array[RLAction] = []
var _is_squashed := false


## With `is_squashed`, a continuous number is the tanh of what the policy computes.
func _init(actions: Array[RLAction], is_squashed: bool) -> void:
	_actions = actions
	_is_squashed = is_squashed
	for action: RLAction in actions:
		inputs += action.size if action is RLDiscreteAction else 2 * action.size


## Write the most probable action; what the policy computed begins at `at`.
func choose(computed: PackedFloat32Array, at: int, action: PackedFloat32Array) -> void:
	var column := 0
	for part: RLAction in _actions:
		if part is RLDiscreteAction:
			action[column] = _largest(computed, at, part.size)
			at += part.size
		else:
			for i: int in part.size:
				action[column + i] = _limited(computed[at + i])
			at += 2 * part.size
		column += part.width


## Write an action drawn from the distribution.
func draw(computed: PackedFloat32Array, at: int, rng: RandomNumberGenerator, action: PackedFloat32Array) -> void:
	var column := 0
	for part: RLAction in _actions:
		if part is RLDiscreteAction:
			action[column] = _drawn(computed, at, part.size, rng)
			at += part.size
		else:
			for i: int in part.size:
				var deviation := exp(computed[at + part.size + i])
				action[column + i] = _limited(rng.randfn(computed[at + i], deviation))
			at += 2 * part.size
		column += part.width


## Move the continuous numbers of an action back towards those of another one; a `weight` of 1 leaves them as they are.
func blend(from: PackedFloat32Array, weight: float, action: PackedFloat32Array) -> void:
	var column := 0
	for part: RLAction in _actions:
		if part is not RLDiscreteAction:
			for i: int in range(column, column + part.size):
				action[i] = lerpf(from[i], action[i], weight)
		column += part.width


func _limited(number: float) -> float:
	return tanh(number) if _is_squashed else clampf(number, -1.0, 1.0)


static func _largest(logits: PackedFloat32Array, from: int, count: int) -> int:
	var best := 0
	for i: int in range(1, count):
		if logits[from + i] > logits[from + best]:
			best = i
	return best


static func _drawn(logits: PackedFloat32Array, from: int, count: int, rng: RandomNumberGenerator) -> int:
	var weights := PackedFloat32Array()
	var most := logits[from + _largest(logits, from, count)]
	for i: int in count:
		weights.append(exp(logits[from + i] - most))
	return rng.rand_weighted(weights)
