class_name BikeSensor
extends RLSensor
## How the motorcycle is: attitude, speeds, wheels and springs, and how the rider leans.

const FAST_M_S := 20.0
const SPIN_RAD_S := 6.0
const HIGH_M := 3.0


func _init() -> void:
	label = &"bike"


func fields() -> Array[RLField]:
	return [
		RLField.new("bike/attitude", 2, "sin, cos of the pitch, nose up positive"),
		RLField.new("bike/spin", 1, "rad/s/6, nose up positive"),
		RLField.new("bike/velocity", 2, "ahead and up in the world, m/s/20"),
		RLField.new("bike/wheels", 2, "speed of the tyres, rear and front, m/s/20"),
		RLField.new("bike/contacts", 2, "rear and front: 1 where the tyre touches the ground"),
		RLField.new("bike/springs", 2, "rear and front: 1 is pressed together, below 0 hangs"),
		RLField.new("bike/height", 1, "of the frame above the ground, m/3"),
		RLField.new("bike/lean", 1, "rider's lean, of the greatest, to the front positive"),
	]


func write(buffer: PackedFloat32Array, offset: int) -> void:
	var bike := body_2d as Motorcycle
	var arena := agent.arena_2d as MotorcycleArena
	var px := MotorcycleTrack.PX
	var tyre := Motorcycle.WHEEL_RADIUS / px / FAST_M_S
	var values: Array[float] = [
		sin(bike.pitch()),
		cos(bike.pitch()),
		-bike.angular_velocity / SPIN_RAD_S,
		bike.speed().x / FAST_M_S,
		bike.speed().y / FAST_M_S,
		bike.rear.angular_velocity * tyre,
		bike.front.angular_velocity * tyre,
		1.0 if bike.touches(bike.rear) else 0.0,
		1.0 if bike.touches(bike.front) else 0.0,
		bike.pressed(bike.rear, Motorcycle.REAR_AXLE) / Motorcycle.TRAVEL,
		bike.pressed(bike.front, Motorcycle.FRONT_AXLE) / Motorcycle.TRAVEL,
		(arena.track.y_at(bike.global_position.x) - bike.global_position.y) / px / HIGH_M,
		bike.leaning() / deg_to_rad(maxf(arena.settings.lean_deg, 1.0)),
	]
	for i: int in values.size():
		buffer[offset + i] = clampf(values[i], -1.0, 1.0)
