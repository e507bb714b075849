class_name CarSensor
extends RLSensor
## How the car drives: its speed along the nose, how fast it turns, and where the front wheels point.

## Metres a second, and radians a second, that become 1.
const SCALE_M_S := 4.0
const SCALE_RAD_S := 1.0


func fields() -> Array[RLField]:
	return [
		RLField.new("car/speed", 1, "along the nose, m/s/4"),
		RLField.new("car/turn", 1, "to the left, rad/s"),
		RLField.new("car/steering", 1, "to the left, 1 is full lock"),
	]


func write(buffer: PackedFloat32Array, offset: int) -> void:
	var car := body as HatchbackCar
	buffer[offset] = car.speed() / SCALE_M_S
	buffer[offset + 1] = car.angular_velocity.y / SCALE_RAD_S
	buffer[offset + 2] = car.steer / deg_to_rad(car.settings.max_steer_deg)
