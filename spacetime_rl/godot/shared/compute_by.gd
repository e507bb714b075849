class_name ComputeBy
## Which runtime computes policies, for scripts that compare both: `gdscript`, `native` for the library, or `any`.


## Choose the runtime of that name before any policy is read. False, with an error, if it is not there.
static func chosen(runtime: String) -> bool:
	if runtime == "gdscript":
		RLNative.switch_off()
	elif runtime != "any" and RLNative.kernels == null:
		push_error("the runtime '%s' is not there" % runtime)
		return false
	return true
