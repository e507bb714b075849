class_name ParkingArena
extends RLArena
## A car park with one car that has to park: what is paid on its way into the bay, and how the episode ends.

## Metres over which an angle to the bay comes to count.
const NEAR_M := 4.0

@export var lot: ParkingLot
@export var car: HatchbackCar

var settings: ParkingParams
## The bay to park in.
var bay: ParkingBay

var _way := 0.0
var _misalignment := 0.0
var _decision_ticks := 0
var _stood_s := 0.0
var _last_contact := -1


func _build() -> void:
	settings = params as ParkingParams
	lot.build(settings)
	car.build(settings)
	car.agent.episode_ended.connect(_report)
	SeededBug.plant(self, settings.bug)


func _begin_episode() -> void:
	max_ticks = RLGameTime.ticks_in(settings.time_limit_s)
	bay = lot.lay_out(rng, settings)
	car.start(lot.draw_start(rng, settings, bay))
	_stood_s = 0.0
	_last_contact = -1
	_decision_ticks = 0
	_way = _way_left()
	_misalignment = _misalignment_here()


func _tick(delta: float) -> void:
	if not car.agent.active:
		return
	_decision_ticks += 1
	_note_contact(delta)
	if not car.agent.active:
		return
	_stood_s = _stood_s + delta if is_in_place() else 0.0
	if _stood_s > 0.0 and (settings.success == "public" or _stood_s >= settings.hold_s):
		car.agent.add_reward(&"success", settings.reward_success)
		car.agent.end(true)


func _end_decision() -> void:
	if _decision_ticks == 0:
		return
	_decision_ticks = 0
	var way := _way_left()
	var misalignment := _misalignment_here()
	car.agent.add_reward(&"progress", settings.reward_progress * (_way - way))
	car.agent.add_reward(&"alignment", settings.reward_alignment * (_misalignment - misalignment))
	car.agent.add_reward(&"time", settings.reward_time)
	if settings.reward_public != 0.0:
		car.agent.add_reward(&"public", -settings.reward_public * bay.public_distance(car.global_transform))
	_way = way
	_misalignment = misalignment


func _landmarks() -> Dictionary[StringName, Vector3]:
	return {&"bay": bay.place.origin}


func _landmark_radii() -> Dictionary[StringName, float]:
	return {&"bay": 1.0}


## Whether the car is parked at this moment, by the definition in force.
func is_in_place() -> bool:
	if settings.success == "public":
		return bay.public_distance(car.global_transform) < ParkingBay.PUBLIC_SUCCESS
	return (
		car.linear_velocity.length() < settings.stopped_m_s
		and bay.angle_to(car.global_transform, way_in()) <= deg_to_rad(settings.aligned_deg)
		and bay.contains(car.global_transform)
	)


## How the car has to stand: "any", "nose" or "tail".
func way_in() -> String:
	return "nose" if settings.success == "public" else settings.way_in


## Metres from the middle of the car to the middle of the bay.
func bay_distance() -> float:
	return bay.offset_of(car.global_transform).length()


func _way_left() -> float:
	return bay.way_to(car.global_transform, way_in(), car.turning_radius())


# In rad, fading with the distance: far away any direction may be the right one.
func _misalignment_here() -> float:
	return bay.angle_to(car.global_transform, way_in()) * exp(-bay_distance() / NEAR_M)


func _note_contact(delta: float) -> void:
	if not car.touches():
		return
	var pause := roundi(settings.contact_pause_s / delta)
	if _last_contact < 0 or ticks - _last_contact > pause:
		car.agent.add_reward(&"contact", settings.reward_contact)
		car.agent.add_metric(&"contacts", 1.0)
	_last_contact = ticks
	if settings.contact_ends:
		car.agent.end(false)


func _report(_success: bool) -> void:
	var agent := car.agent
	agent.set_metric(&"no_contact", float(agent.get_metric(&"contacts") == 0.0))
	agent.set_metric(&"bay_distance", bay_distance())
	agent.set_metric(&"angle_deg", rad_to_deg(bay.angle_to(car.global_transform, way_in())))
	agent.set_metric(&"public_distance", bay.public_distance(car.global_transform))
	agent.set_metric(&"seconds", RLGameTime.seconds_in(ticks))
	agent.set_metric(&"driven", car.driven)
	agent.set_metric(&"gear_changes", car.gear_changes)
