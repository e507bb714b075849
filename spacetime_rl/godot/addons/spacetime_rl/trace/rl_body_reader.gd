class_name RLBodyReader
extends RefCounted
## Reads the place and the velocities of bodies of any class, each into an array of its own.

const _VELOCITIES: Array[StringName] = [&"velocity", &"linear_velocity", &"angular_velocity"]

var _bodies: Array[Node] = []
# For each body, what it has of `_VELOCITIES`.
var _velocities: Array[Array] = []
var _states: Array[Array] = []
# For each body of `_bodies`, how many were added before it, of any class.
var _order := PackedInt32Array()
var _added := 0


## Read this body, too. Returns the array that `read` writes: place and velocities.
func add(body: Node) -> Array:
	var velocities: Array[StringName] = []
	velocities.assign(_VELOCITIES.filter(func(velocity: StringName) -> bool: return velocity in body))
	# Untyped, because the bytes of a typed array name its type.
	var state := []
	state.resize(1 + velocities.size())
	_put(body, velocities, state)
	_added += 1
	return state


## Write the present state of all bodies.
func read() -> void:
	for i: int in _bodies.size():
		var body := _bodies[i]
		var state := _states[i]
		state[0] = body.get(&"global_transform")
		var at := 1
		for velocity: StringName in _velocities[i]:
			state[at] = body.get(velocity)
			at += 1


## Append the present state of all bodies to `values`: of each its place and velocities, in the order of `order`.
func append_to(values: Array) -> void:
	for i: int in _bodies.size():
		var body := _bodies[i]
		values.append(body.get(&"global_transform"))
		for velocity: StringName in _velocities[i]:
			values.append(body.get(velocity))


## The order in which `append_to` writes bodies: for each the number of bodies that were added before it.
func order() -> PackedInt32Array:
	return _order


## Override: whether the place and the velocity in the arena follow from what `append_to` writes of this body and of the
## arena's frame.
func knows(_body: Node) -> bool:
	return false


## Override: append the arena's frame to `values`: what turns a place of the world into one of the arena (Transform3D),
## and what is added to that (Vector3).
func append_frame(_arena: RLArenaCore, _values: Array) -> void:
	pass


## Override: a body, which of `_VELOCITIES` it has, and where its state belongs.
func _put(body: Node, velocities: Array[StringName], state: Array) -> void:
	_bodies.append(body)
	_velocities.append(velocities)
	_states.append(state)
	_order.append(_added)
