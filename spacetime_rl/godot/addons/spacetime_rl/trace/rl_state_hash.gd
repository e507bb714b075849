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
		state.append(body.get(&"global_transform"))
		for velocity: StringName in _VELOCITIES:
			# Null where this kind of body has no such velocity.
			state.append(body.get(velocity))
	var hashing := HashingContext.new()
	hashing.start(HashingContext.HASH_SHA256)
	hashing.update(var_to_bytes(state))
	return hashing.finish().decode_s64(0)
