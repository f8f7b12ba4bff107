import { Controller, HttpCode, Param, Post, Put, Req, UseFilters } from '@nestjs/common';
import { ApiTags } from '@nestjs/swagger';
import { AccessBy } from '../access/access.guard.js';
import { AnalyticsExceptionFilter } from '../common/analytics-exception.filter.js';
import { nodeRequest, type HttpRequest } from '../common/http.js';
import { TakesOnly } from '../common/known-parameters.js';
import { ProfileImportService } from './import/import.service.js';
import { DescribeImport, DescribePut } from './profiles.openapi.js';
import type { ProfileDto, ProfileImportDto } from './profiles.dto.js';
import { ProfilesService } from './profiles.service.js';

/** Who users are, said by the systems that know. */
@ApiTags('users')
@Controller('analytics/users')
@UseFilters(AnalyticsExceptionFilter)
@AccessBy('admin')
export class ProfilesController {
  constructor(
    private readonly profiles: ProfilesService,
    private readonly imports: ProfileImportService,
  ) {}

  @Put(':id')
  @TakesOnly()
  @DescribePut()
  put(@Req() request: HttpRequest, @Param('id') id: string): Promise<ProfileDto> {
    return this.profiles.put(nodeRequest(request), id);
  }

  @Post('import')
  @HttpCode(200)
  @DescribeImport()
  import(@Req() request: HttpRequest): Promise<ProfileImportDto> {
    return this.imports.receive(nodeRequest(request));
  }
}
