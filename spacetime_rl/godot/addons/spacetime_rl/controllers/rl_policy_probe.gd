class_name RLPolicyProbe
extends RefCounted
## What a policy last saw and computed for one agent, for the debugger.

# Decisions by which their rate is measured.
const _TIMED := 16

## The agent that is looked at.
var agent: RLAgent
## Decisions that were noted; 0 until the agent has decided.
var decisions := 0
## The observation vector.
var observation := PackedFloat32Array()
## The images by name, as bytes.
var images: Dictionary[String, PackedByteArray] = {}
## Of a continuous action the means, then the log standard deviations; of a discrete one the logits.
var distribution := PackedFloat32Array()
## Whether the policy's file computes how much return it expects.
var has_value := false
## The expected return from here on; 0 without `has_value`.
var value := 0.0
## Milliseconds of the computation, for all agents that decided together.
var forward_ms := 0.0
## Agents that decided together.
var together := 0
## Decisions in a second of the wall clock; 0 until there were two.
var rate: float:
	get = _get_rate

# Computes the value apart: a policy that nobody looks at leaves it out.
var _values: RLOnnxModel
var _times_usec := PackedInt64Array()


## Look at this agent, which a policy plays.
func _init(of_agent: RLAgent, policy: RLPolicy) -> void:
	agent = of_agent
	_values = RLOnnxModel.of_bytes(policy.model_bytes)
	has_value = _values.outputs.has("value")
	if has_value:
		_values.keep_outputs(["value"])


## For the controller: what it computed for all agents that decided together.
func note(
	agents: Array[RLAgent], inputs: Dictionary[String, PackedFloat32Array], found: PackedFloat32Array, usec: int
) -> void:
	var row := agents.find(agent)
	if row < 0:
		return
	var own: Dictionary[String, PackedFloat32Array] = {}
	for name: String in inputs:
		own[name] = _row_of(inputs[name], row, agents.size())
	observation = own.get("obs", PackedFloat32Array())
	for sensor: RLImageSensor in agent.image_sensors:
		images[String(sensor.label)] = PackedByteArray(Array(own[String(sensor.label)]))
	distribution = _row_of(found, row, agents.size())
	if has_value:
		value = _values.run(own)["value"][0]
	forward_ms = usec / 1000.0
	together = agents.size()
	decisions += 1
	_times_usec.append(Time.get_ticks_usec())
	if _times_usec.size() > _TIMED:
		_times_usec.remove_at(0)


func _row_of(values: PackedFloat32Array, row: int, rows: int) -> PackedFloat32Array:
	@warning_ignore("integer_division")
	var size := values.size() / rows
	return values.slice(row * size, (row + 1) * size)


func _get_rate() -> float:
	var count := _times_usec.size()
	return (count - 1) * 1e6 / maxi(_times_usec[-1] - _times_usec[0], 1) if count > 1 else 0.0
