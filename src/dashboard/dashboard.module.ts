import { Module } from '@nestjs/common';
import { DashboardController } from './dashboard.controller.js';
import { DashboardFiles } from './dashboard-files.js';

/** The dashboard, for an application that also has the analytics module. */
@Module({ controllers: [DashboardController], providers: [DashboardFiles] })
export class DashboardModule {}
