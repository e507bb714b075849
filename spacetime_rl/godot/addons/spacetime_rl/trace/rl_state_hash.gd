class_name RLStateHash
extends RefCounted
## A fingerprint of an arena's state in 64 bits: where two games have the same, their bodies and dice are the same.
##
## It covers the place and the velocities of every body below the arena, in scene order, and the state of the arena's
## random generator, all to the last bit. It can be compared between games of one engine build and architecture.

const _VELOCITIES: Array[StringName] = [&"velocity", &"linear_velocity", &"angular_velocity"]

var _arena: RLArenaCore
var _bodies: Array[Node] = []


## Of an arena that is built: its bodies are found once.
func _init(arena: RLArenaCore) -> void:
	_arena = arena
	_bodies = arena.space.bodies_of(arena.root)
	for agent: RLAgent in arena.agents:
		if agent.get_parent() not in _bodies:
			_bodies.append(agent.get_parent())


## The fingerprint of the present state.
func now() -> int:
	var state := [_arena.rng.state]
	for body: Node in _bodies:
		_append_state(body, state)
	var hashing := HashingContext.new()
	hashing.start(HashingContext.HASH_SHA256)
	hashing.update(var_to_bytes(state))
	return hashing.finish().decode_s64(0)


## What the fingerprints of `parts_now` are of: the random generator, and each body by its path in the arena.
func part_names() -> PackedStringArray:
	var names := PackedStringArray(["random numbers"])
	for body: Node in _bodies:
		names.append(String(_arena.root.get_path_to(body)))
	return names


## A fingerprint in 32 bits of each part, to find the one in which two games differ.
func parts_now() -> PackedInt32Array:
	var parts := PackedInt32Array([hash(_arena.rng.state)])
	for body: Node in _bodies:
		var state := []
		_append_state(body, state)
		parts.append(hash(var_to_bytes(state)))
	return parts


func _append_state(body: Node, state: Array) -> void:
	state.append(body.get(&"global_transform"))
	for velocity: StringName in _VELOCITIES:
		# Null where this kind of body has no such velocity.
		state.append(body.get(velocity))
