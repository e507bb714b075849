@tool
@icon("res://addons/spacetime_rl/icons/action_discrete.svg")
class_name RLDiscreteAction
extends RLAction
## An action that is one choice out of `choices`; choice 0 is the one before the first decision.
##
## With `masked`, the game says which choices are allowed now: set `mask` in a `_ready`. Policies see the mask and never
## take another choice. A person or a script that asks for one gets the first allowed choice.

## How many choices there are.
@export_range(2, 1024) var choices := 2
## Whether `mask` says which choices are allowed. A policy is trained with a mask or without one.
@export var masked := false

## The present choice, 0 to choices - 1.
var value := 0
## Of a masked action: `func(choice: int) -> bool`, whether a choice is allowed now. It is called for every choice when
## the agent observes and again when it acts, and must change nothing. At least one choice has to be allowed.
var mask: Callable:
	set = _set_mask
## How many choices of the running episode were not allowed, so that the first allowed one was taken instead.
var refused := 0

var _allowed := PackedByteArray()


func kind() -> String:
	return "discrete"


## Whether the mask allowed a choice when the agent last observed or acted; true without a mask.
func is_allowed(choice: int) -> bool:
	return not masked or _allowed[choice] == 1


func read(buffer: PackedFloat32Array, offset: int) -> void:
	value = clampi(roundi(buffer[offset]), 0, choices - 1)
	if not is_allowed(value):
		refused += 1
		value = maxi(_allowed.find(1), 0)


func clear() -> void:
	value = 0
	refused = 0
	if masked:
		_allowed.resize(choices)
		_allowed.fill(1)


## For the agent: ask `mask` about every choice. False if none is allowed.
func update_allowed() -> bool:
	var any := false
	for choice: int in choices:
		var allows: bool = mask.call(choice)
		_allowed[choice] = 1 if allows else 0
		any = any or allows
	return any


func _set_mask(given: Callable) -> void:
	mask = given
	if not masked:
		push_error("action '%s' (%s): it has a `mask`, but `masked` is off; switch it on" % [label, get_path()])


func _get_size() -> int:
	return choices


func _get_width() -> int:
	return 1
