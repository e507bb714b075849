class_name RLBodyReader
extends RefCounted
## Reads the place and the velocities of bodies of any class, each into an array of its own.

const _VELOCITIES: Array[StringName] = [&"velocity", &"linear_velocity", &"angular_velocity"]

var _bodies: Array[Node] = []
# For each body, what it has of `_VELOCITIES`.
var _velocities: Array[Array] = []
var _states: Array[Array] = []
var _followed: Array[Node] = []


## Read this body, too. Returns the array that `read` writes: place and velocities.
func add(body: Node) -> Array:
	var velocities: Array[StringName] = []
	velocities.assign(_VELOCITIES.filter(func(velocity: StringName) -> bool: return velocity in body))
	# Untyped, because the bytes of a typed array name its type.
	var state := []
	state.resize(1 + velocities.size())
	_put(body, velocities, state)
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


## Give place and velocity of this body, too, when `append_places` is called. Bodies that are read are added before.
func follow(body: Node) -> void:
	_followed.append(body)


## Append place and velocity in the arena of all bodies that are followed, as `read` has last found those that it reads.
func append_places(arena: RLArenaCore, into: PackedVector3Array) -> void:
	for body: Node in _followed:
		into.append(arena.space.place_of(body, arena.root))
		into.append(arena.space.velocity_of(body))


## Override: a body, which of `_VELOCITIES` it has, and where its state belongs.
func _put(body: Node, velocities: Array[StringName], state: Array) -> void:
	_bodies.append(body)
	_velocities.append(velocities)
	_states.append(state)
