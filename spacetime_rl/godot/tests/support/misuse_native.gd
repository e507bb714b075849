extends SceneTree
## Calls the native library with arguments that do not fit: it has to refuse them, and to go on.
##
## `godot --headless --path . --script res://tests/support/misuse_native.gd` prints how many calls were refused and how
## many computed.

# In place of one argument or two, of a call that is right.
const _WRONG: Array[Variant] = [
	null,
	-1,
	0,
	1,
	3,
	1 << 40,
	-(1 << 62),
	0.5,
	NAN,
	"text",
	[],
]


func _initialize() -> void:
	Engine.print_error_messages = false
	var refused := 0
	var computed := 0
	var calls := _right_calls()
	for name: StringName in calls:
		var right: Array = calls[name]
		if _result_of(name, right) == null:
			printerr("%s refused what is right" % name)
			quit(1)
			return
		for given: Array in _changed(right):
			var result: Variant = _result_of(name, given)
			if result == null:
				refused += 1
			elif result is PackedFloat32Array:
				computed += 1
			else:
				printerr("%s%s gave %s" % [name, given, result])
				quit(1)
				return
	print("%d refused, %d computed" % [refused, computed])
	quit()


func _result_of(name: StringName, given: Array) -> Variant:
	return RLNative.kernels.callv(name, given)


# By method a call that is right.
func _right_calls() -> Dictionary[StringName, Array]:
	var packed: PackedFloat32Array = RLNative.kernels.call(&"pack", _floats(15), 5, 3, 0, 1.0)
	return {
		&"pack": [_floats(15), 5, 3, 1, 1.0],
		&"product": [_floats(10), 2, packed, 5, 3, _floats(3)],
		&"convolve": [_floats(12), 6, PackedInt32Array([0, 1, 2, 3, -1, 5, 4, 3, 2, 1]), packed, 5, 3, _floats(3)],
		&"map": [RLNative.TANH, _floats(9), 0.0, 0.0],
		&"combine": [0, _floats(12), _floats(4)],
		&"pick": [_floats(8), PackedInt32Array([0, 5, 2]), 3],
		&"take": [_floats(12), 3, 2, PackedInt64Array([2, 0])],
		&"cut": [_floats(12), 4, 1, 3],
		&"join": [2, _floats(4), _floats(6)],
		&"lstm": [_floats(24), _floats(24), _floats(6), 3],
		&"gru": [_floats(18), _floats(18), _floats(6), 3],
	}


# The call with each argument, and with each two of them, replaced by what is wrong, and cut short.
func _changed(right: Array) -> Array[Array]:
	var wrong := _WRONG.duplicate()
	wrong.append_array([_floats(0), _floats(1), _floats(7), _floats(4096)])
	wrong.append_array([PackedInt32Array([-2, 7, 1 << 30]), PackedInt32Array(), PackedInt64Array([1 << 40, -1])])
	var all: Array[Array] = []
	for i: int in right.size():
		all.append(right.slice(0, i))
		for one: Variant in wrong:
			var changed := right.duplicate()
			changed[i] = one
			all.append(changed)
			for k: int in range(i + 1, right.size()):
				for other: Variant in wrong:
					var twice := changed.duplicate()
					twice[k] = other
					all.append(twice)
	return all


func _floats(count: int) -> PackedFloat32Array:
	var numbers := PackedFloat32Array()
	for i: int in count:
		numbers.append(0.1 * i - 0.5)
	return numbers
