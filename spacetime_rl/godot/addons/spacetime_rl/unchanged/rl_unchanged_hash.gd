class_name RLUnchangedHash
extends RLStateHash
## A fingerprint of an unchanged game's state, whose bodies come and go: what moves, what the menus offer, which scene.

const _PARTS: Array[String] = ["scene", "controls", "watched nodes", "other bodies"]

var _watch: RLUnchangedWatch


func _init(arena: RLArenaCore, watch: RLUnchangedWatch) -> void:
	_watch = watch
	super._init(arena)
	reader = RLBodyReader.new()  # nobody tells it of bodies that have gone


func begin() -> void:
	pass


func can_be_given_away() -> bool:
	return false


func part_names() -> PackedStringArray:
	return PackedStringArray(_PARTS)


func _measure(parts: Variant) -> int:
	var hashing := HashingContext.new()
	hashing.start(HashingContext.HASH_SHA256)
	for state: Array in [_watch.scene_state(), _watch.control_state(), _watch.node_state(), _watch.body_state()]:
		var bytes := var_to_bytes(state)
		hashing.update(bytes)
		if parts != null:
			(parts as Array[int]).append(hash(bytes))
	return hashing.finish().decode_s64(0)
