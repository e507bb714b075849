class_name RLActionChoice
extends RefCounted
## Makes actions of what a policy computes: the most probable ones, or some drawn as in training.
##
## The policy computes, action by action: for a continuous one its means, then their log standard deviations; for a
## discrete one the logits of its choices. An action has a float for each continuous number, and one for each choice.

## Numbers that the policy computes for one agent.
var inputs := 0
## Floats of an action.
var width := 0

# Part by part: numbers of a continuous action, choices of a discrete one.
var _sizes := PackedInt32Array()
var _is_discrete: Array[bool] = []
var _is_squashed := false
var _has_deviations := true


## With `is_squashed`, a continuous number is the tanh of what the policy computes.
static func of_actions(actions: Array[RLAction], is_squashed: bool) -> RLActionChoice:
	var made := RLActionChoice.new()
	made._is_squashed = is_squashed
	for action: RLAction in actions:
		made._add(action.size, action is RLDiscreteAction)
	return made


## For the action space of the stock plugin. The files of other programs may have means without deviations.
static func of_spaces(spaces: Dictionary, is_squashed: bool, has_deviations: bool) -> RLActionChoice:
	var made := RLActionChoice.new()
	made._is_squashed = is_squashed
	made._has_deviations = has_deviations
	for key: String in spaces:
		var size: int = spaces[key]["size"]
		var is_discrete: bool = spaces[key]["action_type"] == "discrete"
		made._add(size, is_discrete)
	return made


## Write the most probable action; what the policy computed begins at `at`.
func choose(computed: PackedFloat32Array, at: int, action: PackedFloat32Array) -> void:
	_write(computed, at, null, action)


## Write an action drawn from the distribution.
func draw(computed: PackedFloat32Array, at: int, rng: RandomNumberGenerator, action: PackedFloat32Array) -> void:
	_write(computed, at, rng, action)


## Move the continuous numbers of an action back towards those of another one; a `weight` of 1 leaves them as they are.
func blend(from: PackedFloat32Array, weight: float, action: PackedFloat32Array) -> void:
	var column := 0
	for part: int in _sizes.size():
		if _is_discrete[part]:
			column += 1
			continue
		for i: int in range(column, column + _sizes[part]):
			action[i] = lerpf(from[i], action[i], weight)
		column += _sizes[part]


func _add(size: int, is_discrete: bool) -> void:
	_sizes.append(size)
	_is_discrete.append(is_discrete)
	inputs += size if is_discrete or not _has_deviations else 2 * size
	width += 1 if is_discrete else size


func _write(computed: PackedFloat32Array, at: int, rng: RandomNumberGenerator, action: PackedFloat32Array) -> void:
	var column := 0
	for part: int in _sizes.size():
		var size := _sizes[part]
		if _is_discrete[part]:
			var best := _largest(computed, at, size)
			action[column] = best if rng == null else _drawn(computed, at, size, computed[at + best], rng)
			at += size
			column += 1
			continue
		for i: int in size:
			var number := computed[at + i]
			if rng != null and _has_deviations:
				number = rng.randfn(number, exp(computed[at + size + i]))
			action[column + i] = tanh(number) if _is_squashed else clampf(number, -1.0, 1.0)
		at += 2 * size if _has_deviations else size
		column += size


static func _largest(logits: PackedFloat32Array, from: int, count: int) -> int:
	var best := 0
	for i: int in range(1, count):
		if logits[from + i] > logits[from + best]:
			best = i
	return best


static func _drawn(logits: PackedFloat32Array, from: int, count: int, most: float, rng: RandomNumberGenerator) -> int:
	var weights := PackedFloat32Array()
	for i: int in count:
		weights.append(exp(logits[from + i] - most))
	return rng.rand_weighted(weights)
