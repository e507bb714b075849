class_name LandingRewards
extends RefCounted
## What one craft is paid for its descent, what its touchdown was worth, and what it reports about it.

const REWARDS: Array[StringName] = [
	&"approach",
	&"aim",
	&"sink",
	&"descent",
	&"pace",
	&"drift",
	&"upright",
	&"fuel",
	&"waste",
	&"touchdown",
	&"pad",
	&"crash",
	&"timeout"
]
const METRICS: Array[StringName] = [
	&"touchdown_speed", &"pad_distance", &"tilt", &"fuel_used", &"fuel_left", &"fuel_efficiency", &"crash"
]
## Share of the main engine that the safe descent counts on.
const SAFE_THRUST := 0.9
## Speed that the safe descent ends with, in m/s.
const SAFE_SPEED := 1.0
## The quickest descent counts as no shorter than this, in seconds: it divides.
const SHORTEST_S := 1.0

var craft: Spacecraft
var settings: SpacecraftParams

var _ideal_fuel := 0.0
var _least := 0.0
var _fuel := 0.0
var _distance := 0.0
var _aim := 0.0
var _sink := 0.0
var _excess := 0.0
var _lack := 0.0
var _drift := 0.0
var _tilt := 0.0
var _ticks := 0


func _init(of_craft: Spacecraft, with_settings: SpacecraftParams) -> void:
	craft = of_craft
	settings = with_settings


## The least fuel that brings a craft with this velocity to a pad at `to_pad`, in units. It falls freely, then stops
## at full thrust as its feet touch (bang-bang), which is the quickest way, too, and so leaves gravity the least time; a
## kick at once gives it the sideways speed that leads to the pad, and the stop, a little tilted, cancels it. Wind,
## turns and the thrusters' limits are not counted.
static func ideal_fuel(to_pad: Vector3, velocity: Vector3, settings_of: SpacecraftParams) -> float:
	var down := -velocity.y
	var top_speed := _top_speed(-to_pad.y, down, settings_of)
	var slide := Vector2(to_pad.x, to_pad.z) / _quickest(top_speed, down, settings_of)
	var kick := settings_of.mass_kg * Vector2(velocity.x, velocity.z).distance_to(slide)
	var burn_s := top_speed / _braking(settings_of)
	var stop := Vector2(settings_of.main_thrust_n * burn_s, settings_of.mass_kg * slide.length()).length()
	return (kick + stop) / Spacecraft.IMPULSE_OF_FUEL


## The fastest descent at a height that can still be stopped with `SAFE_THRUST`, in m/s.
static func safe_descent(height: float, settings_of: SpacecraftParams) -> float:
	var braking := SAFE_THRUST * settings_of.main_thrust_n / settings_of.mass_kg - settings_of.gravity_m_s2
	return sqrt(SAFE_SPEED * SAFE_SPEED + 2.0 * braking * maxf(height, 0.0))


## The craft stands at its start.
func begin() -> void:
	_ideal_fuel = ideal_fuel(craft.to_pad(), craft.linear_velocity, settings)
	_fuel = craft.fuel
	retarget()


## The craft is to go elsewhere: that its target is nearer or farther now is neither its merit nor its fault.
func retarget() -> void:
	_distance = craft.to_target().length()
	_aim = _halvings(_target_beside())
	_sink = _halvings(_target_below())
	_note_velocity(craft.linear_velocity)
	_least = ideal_fuel(craft.to_target(), craft.linear_velocity, settings)
	_tilt = craft.tilt()
	_ticks = craft.agent.arena.ticks


## Pay for what changed since the last call.
func shape(velocity: Vector3) -> void:
	var agent := craft.agent
	var distance := craft.to_target().length()
	var aim := _halvings(_target_beside())
	var sink := _halvings(_target_below())
	var excess := _excess
	var lack := _lack
	var drift := _drift
	_note_velocity(velocity)
	var tilt := craft.tilt()
	agent.add_reward(&"approach", settings.reward_approach * (_distance - distance))
	agent.add_reward(&"aim", settings.reward_aim * (_aim - aim))
	agent.add_reward(&"sink", settings.reward_sink * (_sink - sink))
	agent.add_reward(&"descent", settings.reward_descent * (excess - _excess))
	agent.add_reward(&"pace", settings.reward_pace * (lack - _lack))
	agent.add_reward(&"drift", settings.reward_drift * (drift - _drift))
	agent.add_reward(&"upright", settings.reward_upright * (_tilt - tilt))
	agent.add_reward(&"fuel", settings.reward_fuel * (_fuel - craft.fuel))
	var least := ideal_fuel(craft.to_target(), velocity, settings)
	var wasted := _fuel - craft.fuel - _least + least
	if not craft.is_cleared():  # who has to wait has to hover
		wasted -= _hovering_fuel(agent.arena.ticks - _ticks)
	agent.add_reward(&"waste", settings.reward_waste * wasted)
	_least = least
	_ticks = agent.arena.ticks
	_distance = distance
	_aim = aim
	_sink = sink
	_tilt = tilt
	_fuel = craft.fuel


## Judge the first contact with ground or pad. Returns whether the landing is a success, and pays for it.
func touch_down() -> bool:
	var speed := craft.touchdown_velocity.length()
	var upright := craft.tilt() < settings.upright_rad
	var on_pad := _pad_distance() < settings.on_pad_m
	craft.agent.set_metric(&"touchdown_speed", speed)
	# Whoever is told to wait and comes down all the same has lost the craft for the fleet, be it ever so soft: else it
	# would pay to sit down somewhere at once.
	if not upright or speed >= settings.hard_m_s or not craft.is_cleared():
		crash()
		return false
	var soft := speed < settings.soft_m_s
	craft.agent.add_reward(&"touchdown", settings.reward_soft if soft else settings.reward_hard)
	craft.agent.add_reward(&"pad", settings.reward_pad if on_pad else settings.reward_astray)
	return soft and on_pad


## The craft is lost.
func crash() -> void:
	craft.agent.add_reward(&"crash", settings.reward_crash)
	craft.agent.set_metric(&"crash", 1.0)


## Time is up.
func time_out() -> void:
	craft.agent.add_reward(&"timeout", settings.reward_timeout)


## Note the state that the episode ends in; `velocity` is the last one in flight.
func report(velocity: Vector3) -> void:
	shape(velocity)
	var agent := craft.agent
	agent.set_metric(&"pad_distance", _pad_distance())
	agent.set_metric(&"tilt", craft.tilt())
	agent.set_metric(&"fuel_used", craft.fuel_used())
	agent.set_metric(&"fuel_left", craft.fuel / settings.fuel)
	agent.set_metric(&"fuel_efficiency", _ideal_fuel / maxf(craft.fuel_used(), _ideal_fuel))


## What it takes to stay where it is for a number of ticks, in units.
func _hovering_fuel(ticks: int) -> float:
	var weight := settings.mass_kg * settings.gravity_m_s2
	return weight * ticks / RLGameTime.ticks_per_second() / Spacecraft.IMPULSE_OF_FUEL


func _pad_distance() -> float:
	var to_pad := craft.to_pad()
	return Vector2(to_pad.x, to_pad.z).length()


## How often a distance has to be halved to come down to the last metre.
func _halvings(distance: float) -> float:
	return log(1.0 + distance) / log(2.0)


func _target_beside() -> float:
	var target := craft.to_target()
	return Vector2(target.x, target.z).length()


func _target_below() -> float:
	return maxf(-craft.to_target().y, 0.0)


## How far a velocity is from the one that would be right here, downwards and sideways.
func _note_velocity(velocity: Vector3) -> void:
	var down := -velocity.y - safe_descent(_target_below(), settings)
	_excess = maxf(down, 0.0)
	_lack = maxf(-down, 0.0)
	var target := craft.to_target()
	var beside := Vector2(target.x, target.z)
	var rate := minf(settings.slide_rate, settings.slide_m_s / maxf(beside.length(), 0.1))
	if settings.slide_haste > 0.0:
		var top_speed := _top_speed(_target_below(), -velocity.y, settings)
		rate = minf(rate, settings.slide_haste / _quickest(top_speed, -velocity.y, settings))
	var slide := rate * beside
	_drift = slide.distance_to(Vector2(velocity.x, velocity.z))


## Full thrust against gravity, in m/s².
static func _braking(settings_of: SpacecraftParams) -> float:
	return settings_of.main_thrust_n / settings_of.mass_kg - settings_of.gravity_m_s2


## The speed at which a free fall has to turn into a full stop, in m/s; `down` is the present one.
static func _top_speed(height: float, down: float, settings_of: SpacecraftParams) -> float:
	var gravity := settings_of.gravity_m_s2
	var fall := 2.0 * maxf(height, 0.0) + down * down / gravity
	return maxf(sqrt(fall / (1.0 / gravity + 1.0 / _braking(settings_of))), down)


## How long that descent takes, in seconds.
static func _quickest(top_speed: float, down: float, settings_of: SpacecraftParams) -> float:
	return maxf((top_speed - down) / settings_of.gravity_m_s2 + top_speed / _braking(settings_of), SHORTEST_S)
