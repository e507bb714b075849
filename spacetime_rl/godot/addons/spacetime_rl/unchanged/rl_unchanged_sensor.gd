class_name RLUnchangedSensor
extends RLSensor
## What the agent of an unchanged game perceives: the watched nodes, and whether a menu is open.

# One unit of a place or a velocity in the observation.
const _PIXELS := 1000.0
const _METRES := 50.0
const _CONTROLS := 10.0

var watch: RLUnchangedWatch


func fields() -> Array[RLField]:
	var found: Array[RLField] = []
	for i: int in RLUnchangedWatch.MOST:
		found.append(RLField.new("node_%d/there" % i, 1))
		found.append(RLField.new("node_%d/place" % i, 3))
		found.append(RLField.new("node_%d/velocity" % i, 3))
	found.append(RLField.new("paused", 1))
	found.append(RLField.new("controls", 1))
	return found


func write(buffer: PackedFloat32Array, offset: int) -> void:
	for i: int in RLUnchangedWatch.MOST:
		var node: Variant = watch.nodes[i] if i < watch.nodes.size() else null
		var is_there := is_instance_valid(node)
		buffer[offset] = float(is_there)
		if is_there:
			var unit := _METRES if node is Node3D else _PIXELS
			_write(buffer, offset + 1, RLUnchangedWatch.place_of(node as Node) / unit)
			_write(buffer, offset + 4, RLUnchangedWatch.velocity_of(node as Node) / unit)
		else:
			_write(buffer, offset + 1, Vector3.ZERO)
			_write(buffer, offset + 4, Vector3.ZERO)
		offset += 7
	buffer[offset] = float(get_tree().paused)
	buffer[offset + 1] = watch.targets.all().size() / _CONTROLS


func _write(buffer: PackedFloat32Array, offset: int, value: Vector3) -> void:
	for axis: int in 3:
		buffer[offset + axis] = value[axis]
