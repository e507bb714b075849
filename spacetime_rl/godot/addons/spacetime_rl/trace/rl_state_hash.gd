class_name RLStateHash
extends RefCounted
## A fingerprint of an arena's state in 64 bits: where two games have the same, their bodies and dice are the same.
##
## It covers the place and the velocities of every body below the arena, in scene order, and the state of the arena's
## random generator, all to the last bit. It can be compared between games of one engine build and architecture.
## Static bodies are read when an episode begins, and not again.

const _VELOCITIES: Array[StringName] = [&"velocity", &"linear_velocity", &"angular_velocity"]

var _arena: RLArenaCore
var _still: Array[Node] = []
var _moving: Array[Node] = []
# For each moving body, what it has of `_VELOCITIES`.
var _velocities: Array[Array] = []
var _still_bytes := PackedByteArray()
var _still_parts := PackedInt32Array()


## Of an arena that is built: its bodies are found once.
func _init(arena: RLArenaCore) -> void:
	_arena = arena
	var bodies := arena.space.bodies_of(arena.root)
	for agent: RLAgent in arena.agents:
		if agent.get_parent() not in bodies:
			bodies.append(agent.get_parent())
	for body: Node in bodies:
		if _is_still(body):
			_still.append(body)
		else:
			_moving.append(body)
			_velocities.append(_VELOCITIES.filter(func(velocity: StringName) -> bool: return velocity in body))
	begin()


## The arena's episode has begun: read the static bodies.
func begin() -> void:
	_still_bytes.clear()
	_still_parts.clear()
	for body: Node in _still:
		var bytes := var_to_bytes(body.get(&"global_transform"))
		_still_bytes.append_array(bytes)
		_still_parts.append(hash(bytes))


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
	hashing.update(dice)
	if not _still_bytes.is_empty():
		hashing.update(_still_bytes)
	if parts != null:
		var into: Array[int] = parts
		into.append(hash(dice))
		into.append_array(_still_parts)
	for i: int in _moving.size():
		var body := _moving[i]
		var state := [body.get(&"global_transform")]
		for velocity: StringName in _velocities[i]:
			state.append(body.get(velocity))
		var bytes := var_to_bytes(state)
		hashing.update(bytes)
		if parts != null:
			var into: Array[int] = parts
			into.append(hash(bytes))
	return hashing.finish().decode_s64(0)


static func _is_still(body: Node) -> bool:
	var solid := body is StaticBody3D and body is not AnimatableBody3D
	return solid or (body is StaticBody2D and body is not AnimatableBody2D)
