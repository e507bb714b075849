class_name LandingZone
extends RLArena
## An approach zone: ground, pads, wind and craft; where they start, what they are paid, when each is done.

## Farther to the side of the middle a craft is lost, in metres.
const RANGE := LandingGround.HALF
## Higher than this above the highest start it is lost, too, in metres.
const HEADROOM := 300.0
## From below this height a start is nearer and slower in proportion, so that none is hopeless, in metres.
const FULL_START := 500.0
## Gusts, the zone's borders and the origin are looked at once in so many ticks.
const SLOW_TICKS := 9

@export var ground: LandingGround
@export var pads: Array[LandingPad] = []

var settings: SpacecraftParams
var origin := FloatingOrigin.new()
var wind := CraftWind.new()
var crafts: Array[Spacecraft] = []
## For each craft, in the same order.
var judges: Array[LandingRewards] = []


func _build() -> void:
	settings = params as SpacecraftParams
	for node: Node in find_children("*", "RigidBody3D", true, false):
		add_craft(node as Spacecraft)
	SeededBug.plant(self, settings.bug)


func _begin_episode() -> void:
	max_ticks = RLGameTime.ticks_in(settings.time_limit_s)
	origin.begin(settings.world_offset_m, 0.0, settings.world_offset_m)
	RLPhysics.reset_body(ground, Transform3D.IDENTITY)
	_lay_pads()
	wind.begin(rng, settings.wind_m_s, settings.gusts)
	for i: int in crafts.size():
		crafts[i].pad = pads[mini(i, pads.size() - 1)]
		_start(crafts[i])
		judges[i].begin()


func _tick(delta: float) -> void:
	for i: int in crafts.size():
		if crafts[i].touched != null and crafts[i].agent.active:
			_touch_down(i)
	if ticks % SLOW_TICKS == 0:
		wind.tick(SLOW_TICKS * delta, rng)
		_watch_range()
		if _farthest_from_origin() > settings.rebase_m:
			_rebase()
	if ticks >= max_ticks:
		_time_out()


func _end_decision() -> void:
	for i: int in crafts.size():
		if crafts[i].agent.active:
			judges[i].shape(crafts[i].linear_velocity)


func _landmarks() -> Dictionary[StringName, Vector3]:
	var marks: Dictionary[StringName, Vector3] = {}
	for i: int in pads.size():
		marks["pad_%d" % i] = pads[i].global_position
	return marks


func _origin() -> Vector3:
	return origin.moved


## Take a craft into the zone.
func add_craft(craft: Spacecraft) -> void:
	craft.settings = settings
	craft.wind = wind
	craft.ground = ground
	crafts.append(craft)
	judges.append(LandingRewards.new(craft, settings))


## World coordinates of a craft, three 64-bit numbers in metres.
func world_position(craft: Spacecraft) -> PackedFloat64Array:
	return origin.world_of(craft.global_position)


## The craft touched ground or pad.
func _touch_down(i: int) -> void:
	judges[i].report(crafts[i].touchdown_velocity)
	crafts[i].agent.end(judges[i].touch_down())


## The craft is lost without having touched anything.
func _lose(i: int) -> void:
	judges[i].report(crafts[i].linear_velocity)
	judges[i].crash()
	crafts[i].agent.end(false)


## Put the pads on level ground.
func _lay_pads() -> void:
	var spots: PackedVector2Array = []
	for pad: LandingPad in pads:
		var place := pad.transform
		RLPhysics.reset_body(pad, place)
		spots.append(Vector2(place.origin.x, place.origin.z))
	ground.raise(rng, settings.terrain_m, spots)


func _start(craft: Spacecraft) -> void:
	var height := rng.randf_range(settings.start_height_min_m, settings.start_height_max_m)
	var share := minf(height / FULL_START, 1.0)
	var side := settings.start_offset_m * share
	var sideways := settings.start_sideways_m_s * share
	var place := Vector3(rng.randf_range(-side, side), height + Spacecraft.FEET, rng.randf_range(-side, side))
	var velocity := Vector3(
		rng.randf_range(-sideways, sideways),
		rng.randf_range(-settings.start_descent_m_s * share, 0.0),
		rng.randf_range(-sideways, sideways)
	)
	var lean := Vector3.RIGHT.rotated(Vector3.UP, rng.randf_range(-PI, PI))
	var attitude := Basis(lean, settings.start_tilt_rad * rng.randf()) * Basis(Vector3.UP, rng.randf_range(-PI, PI))
	craft.start(Transform3D(attitude, craft.pad.global_position + place), velocity, Vector3.ZERO)
	craft.health[rng.randi_range(0, Spacecraft.Thruster.NONE - 1)] -= settings.thruster_damage


## Lose the craft that have left the zone.
func _watch_range() -> void:
	var ceiling := settings.start_height_max_m + HEADROOM
	for i: int in crafts.size():
		var here := crafts[i].position - ground.position
		if absf(here.x) > RANGE or absf(here.z) > RANGE or here.y > ceiling or here.y < -settings.terrain_m:
			if crafts[i].agent.active:
				_lose(i)


func _time_out() -> void:
	for i: int in crafts.size():
		if crafts[i].agent.active:
			judges[i].report(crafts[i].linear_velocity)
			judges[i].time_out()


func _farthest_from_origin() -> float:
	var farthest := 0.0
	for craft: Spacecraft in crafts:
		if craft.agent.active:
			farthest = maxf(farthest, craft.global_position.length())
	return farthest


## Move everything so that the first craft in flight is at the origin of the arena's coordinates.
func _rebase() -> void:
	for craft: Spacecraft in crafts:
		if craft.agent.active:
			var shift := craft.global_position.round()
			origin.move_to(shift)
			_move_all(-shift)
			return


func _move_all(by: Vector3) -> void:
	for body: PhysicsBody3D in _bodies():
		body.global_position += by
		body.force_update_transform()


## All that moves along with the origin.
func _bodies() -> Array[PhysicsBody3D]:
	var bodies: Array[PhysicsBody3D] = [ground]
	bodies.append_array(pads)
	bodies.append_array(crafts)
	return bodies
