class_name RLNative
## The native library that computes policies faster, where `spacetime-rl godot native` has built one for this machine.
##
## Everything works without the library, and gives the same numbers. Its class is only known while the library is there,
## so nothing of it is named in the code.

## Functions of single numbers, as the library numbers them. Parameters: CLIP least and most, ELU and LEAKY_RELU alpha.
enum { RELU, TANH, SIGMOID, CLIP, ELU, EXP, LOG, ABS, SIGN, NEG, SQRT, LEAKY_RELU }

const _CLASS := &"RLNativeKernels"
# What the library must have as its INTERFACE.
const _INTERFACE := 1

## The object whose methods compute; null without the library.
static var kernels: Object = _find()


## Compute in GDScript from now on, as without the library.
static func switch_off() -> void:
	kernels = null


## A function of every number. Only to be called while there are `kernels`.
static func map(function: int, values: PackedFloat32Array, a := 0.0, b := 0.0) -> PackedFloat32Array:
	return kernels.call(&"map", function, values, a, b)


static func _find() -> Object:
	if not ClassDB.class_exists(_CLASS):
		return null
	var found := ClassDB.class_get_integer_constant(_CLASS, &"INTERFACE")
	if found != _INTERFACE:
		var sentence := "the native library has interface %d, the addon expects %d: policies are computed in GDScript. "
		push_warning(sentence % [found, _INTERFACE] + "Run `spacetime-rl godot native` again.")
		return null
	return ClassDB.instantiate(_CLASS)
