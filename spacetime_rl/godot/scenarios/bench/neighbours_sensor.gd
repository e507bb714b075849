class_name BenchNeighboursSensor
extends RLSensor
## The nearest other walkers: where they are in the own frame, and how far away.


func _init() -> void:
	label = &"neighbours"


func fields() -> Array[RLField]:
	var unit := "x, z in own frame and distance, m/%s, nearest first, else 0, 0, 1" % BenchCrowd.REACH_M
	return [RLField.new(label, 3 * BenchCrowd.NEAREST, unit)]


func write(buffer: PackedFloat32Array, offset: int) -> void:
	var walker := body as BenchWalker
	var crowd := walker.crowd
	var own := walker.basis
	crowd.look_from(walker.number)
	for i: int in BenchCrowd.NEAREST:
		var to := offset + 3 * i
		var distance := crowd.distances[i]
		if distance == INF:
			buffer[to] = 0.0
			buffer[to + 1] = 0.0
			buffer[to + 2] = 1.0
			continue
		var away := crowd.offsets[i] * own / BenchCrowd.REACH_M
		buffer[to] = away.x
		buffer[to + 1] = away.z
		buffer[to + 2] = distance / BenchCrowd.REACH_M
