class_name BaySensor
extends RLSensor
## Where the bay is, seen from the car, and where the car is, seen from the bay.

## Metres that become 1.
const SCALE_M := 10.0


func fields() -> Array[RLField]:
	return [
		RLField.new("bay/offset", 2, "own frame: to the right, ahead; m/10"),
		RLField.new("bay/distance", 1, "m/10"),
		RLField.new("bay/seen_from", 2, "the car in the bay's frame: across, out of it; m/10"),
		RLField.new("bay/near", 2, "the same in m, between -1 and 1"),
		RLField.new("bay/heading", 2, "sine and cosine of the angle from the bay's direction to the nose"),
	]


func write(buffer: PackedFloat32Array, offset: int) -> void:
	var place := body.global_transform
	var bay := (agent.arena as ParkingArena).bay
	var away := (bay.place.origin - place.origin) * place.basis
	var seen := bay.offset_of(place)
	var heading := bay.heading_of(place)
	buffer[offset] = away.x / SCALE_M
	buffer[offset + 1] = -away.z / SCALE_M
	buffer[offset + 2] = seen.length() / SCALE_M
	buffer[offset + 3] = seen.x / SCALE_M
	buffer[offset + 4] = seen.y / SCALE_M
	buffer[offset + 5] = clampf(seen.x, -1.0, 1.0)
	buffer[offset + 6] = clampf(seen.y, -1.0, 1.0)
	buffer[offset + 7] = sin(heading)
	buffer[offset + 8] = cos(heading)
