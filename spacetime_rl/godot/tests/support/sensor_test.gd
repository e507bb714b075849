class_name SensorTest
extends RLTest
## What tests of sensors share: what a sensor writes, and whether it is what was expected.


func _written(sensor: RLSensor) -> PackedFloat32Array:
	var buffer := PackedFloat32Array()
	buffer.resize(sensor.size + 2)
	sensor.write(buffer, 1)
	check_equal(buffer[0], 0.0, "the float before the sensor's")
	check_equal(buffer[-1], 0.0, "the float after the sensor's")
	return buffer.slice(1, -1)


func _check_values(found: PackedFloat32Array, expected: Array[float]) -> void:
	check_equal(found.size(), expected.size(), "floats")
	for i: int in expected.size():
		check_close(found[i], expected[i], "float %d" % i)
