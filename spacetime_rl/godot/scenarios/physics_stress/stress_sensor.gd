class_name StressSensor
extends RLSensor
## How full the room is: bodies, those that are awake, those on each collision layer, how fast they are, particles.


func fields() -> Array[RLField]:
	return [
		RLField.new("bodies", 1, "share of most_bodies"),
		RLField.new("bodies/awake", 1, "share of those in use"),
		RLField.new("bodies/layers", StressBodies.SHAPES, "on each layer, share of most_bodies"),
		RLField.new("bodies/speed", 1, "mean, m/s/10"),
		RLField.new("particles", 1, "1 while an effect runs"),
		RLField.new("time_left", 1, "share of the episode"),
	]


func write(buffer: PackedFloat32Array, offset: int) -> void:
	var room := agent.arena as StressArena
	var bodies := room.bodies
	var most := float(room.settings.most_bodies)
	var awake := 0
	var speed := 0.0
	for i: int in bodies.used:
		var body_in_use := bodies.body_at(i)
		awake += int(not body_in_use.sleeping)
		speed += body_in_use.linear_velocity.length()
	var in_use := maxf(1.0, bodies.used)
	buffer[offset] = bodies.used / most
	buffer[offset + 1] = awake / in_use
	for shape: int in StressBodies.SHAPES:
		buffer[offset + 2 + shape] = bodies.count_on_layer(shape) / most
	buffer[offset + 6] = speed / in_use / 10.0
	buffer[offset + 7] = 1.0 if room.tester.effect_runs() else 0.0
	buffer[offset + 8] = 1.0 - float(room.ticks) / room.max_ticks
