class_name RLStateHash
extends RefCounted
## A fingerprint of an arena's state in 64 bits: where two games have the same, their bodies and dice are the same.
##
## It covers the place and the velocities of every body below the arena, in scene order, and the state of the arena's
## random generator, all to the last bit. It can be compared between games of one engine build and architecture.
## Static bodies are read when an episode begins, and not again.

## An array's bytes begin with its type and its length.
const HEADER_BYTES := 8
# Of a state that a client is given to hash it.
const _MOST_BYTES := 1 << 13

## The bytes of the static bodies.
var still := PackedByteArray()
## Reads the moving bodies, whenever the state is measured.
var reader: RLBodyReader

var _arena: RLArenaCore
var _still: Array[Node] = []
var _moving: Array[Node] = []
# For each moving body its place and velocities. Untyped, because the bytes of a typed array name its type.
var _states: Array = []
# Bytes of every body, in the order of `part_names`.
var _sizes := PackedInt32Array()
var _still_parts := PackedInt32Array()


## Of an arena that is built: its bodies are found once.
func _init(arena: RLArenaCore) -> void:
	_arena = arena
	reader = arena.space.body_reader.new() as RLBodyReader
	var bodies := arena.space.bodies_of(arena.root)
	for agent: RLAgent in arena.agents:
		if agent.get_parent() not in bodies:
			bodies.append(agent.get_parent())
	for body: Node in bodies:
		if arena.space.is_still(body):
			_still.append(body)
		else:
			_moving.append(body)
			_states.append(reader.add(body))
	begin()


## The arena's episode has begun: read the static bodies.
func begin() -> void:
	still.clear()
	_still_parts.clear()
	_sizes.clear()
	for body: Node in _still:
		var bytes := var_to_bytes(body.get(&"global_transform"))
		still.append_array(bytes)
		_sizes.append(bytes.size())
		_still_parts.append(hash(bytes))
	moving_now()
	for state: Array in _states:
		_sizes.append(var_to_bytes(state).size())


## Whether a client can be given the bytes of a state to hash them: there are few, and always as many.
func can_be_given_away() -> bool:
	return moving_now().size() <= _MOST_BYTES


## Bytes of each part but the first, whose size differs: of the static bodies, which are `still`, and the moving ones.
func sizes() -> PackedInt32Array:
	return _sizes


## The bytes of all moving bodies.
func moving_now() -> PackedByteArray:
	reader.read()
	return var_to_bytes(_states).slice(HEADER_BYTES)


## Which of the moving bodies this is, from 0; -1 for none.
func index_of(body: Node) -> int:
	return _moving.find(body)


## The fingerprint of the present state.
func now() -> int:
	return _measure(null)


## What the fingerprints of `parts_now` are of: the random generator, and each body by its path in the arena.
func part_names() -> PackedStringArray:
	var names := PackedStringArray(["random numbers"])
	for body: Node in _still + _moving:
		names.append(String(_arena.root.get_path_to(body)))
	return names


## A fingerprint in 32 bits of each part, to find the one in which two games differ.
func parts_now() -> PackedInt32Array:
	var parts: Array[int] = []
	_measure(parts)
	return PackedInt32Array(parts)


## Both at once: the fingerprint of the state, and those of the parts appended to `parts`.
func now_with_parts(parts: Array[int]) -> int:
	return _measure(parts)


func _measure(parts: Variant) -> int:
	var hashing := HashingContext.new()
	hashing.start(HashingContext.HASH_SHA256)
	var dice := var_to_bytes(_arena.rng.state)
	var moving := moving_now()
	for bytes: PackedByteArray in [dice, still, moving]:
		if not bytes.is_empty():
			hashing.update(bytes)
	if parts != null:
		var into: Array[int] = parts
		into.append(hash(dice))
		into.append_array(_still_parts)
		var at := 0
		for size: int in _sizes.slice(_still.size()):
			into.append(hash(moving.slice(at, at + size)))
			at += size
	return hashing.finish().decode_s64(0)
