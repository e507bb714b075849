class_name RLUnchangedAgent
extends RLAgent
## The player of an unchanged game. Its script is an impatient person: it holds a key for a while, and clicks what it
## has not clicked yet.

const _LONGEST := 10
const _SECOND_KEY := 0.3
const _CLICK := 0.3
const _BESIDE := 0.1

var hands: RLUnchangedHands

var _dice := RandomNumberGenerator.new()
var _left: Array[int] = [0, 0]
var _held: Array[int] = [0, 0]


# A game that knows nothing of reinforcement learning has no success to report.
func all_metric_names() -> Array[StringName]:
	var names := super.all_metric_names()
	names.erase(&"success")
	return names


func metrics_vector() -> PackedFloat32Array:
	var values := super.metrics_vector()
	values.remove_at(COMMON_METRICS.find(&"success"))
	return values


func _purpose() -> String:
	return "find out what breaks"


func _heuristic(action: PackedFloat32Array) -> void:
	if decisions == 0:
		_dice.seed = hash([arena_core.rng.seed, "hands"])
		_left = [0, 0]
	for hand: int in 2:
		_left[hand] -= 1
		if _left[hand] <= 0:
			_left[hand] = _dice.randi_range(1, _LONGEST)
			var rests := hand == 1 and _dice.randf() > _SECOND_KEY
			_held[hand] = 0 if rests else _dice.randi_range(1, hands.actions.size())
		action[hand] = _held[hand] if not hands.actions.is_empty() else 0
	action[2] = _dice.randf_range(-1.0, 1.0)
	action[3] = _dice.randf_range(-1.0, 1.0)
	action[4] = 0.0
	if hands.may_click_beside() and _dice.randf() < _BESIDE:
		action[4] = RLUnchangedHands.CLICK_PLACE
	elif _dice.randf() < _CLICK:
		action[4] = RLUnchangedHands.CLICK_CONTROL if hands.aims_at_controls() else RLUnchangedHands.CLICK_PLACE
