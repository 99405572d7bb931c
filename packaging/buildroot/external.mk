include $(sort $(wildcard $(BR2_EXTERNAL_SECD_PATH)/package/*/*.mk))
